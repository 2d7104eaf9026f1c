"""``python -m aggregator`` is `bandstand`."""

from aggregator.cli import main

raise SystemExit(main())
