"""``python -m aggregator.contract PROVIDER``: one line per check, exit code 0 or 1 (2: it cannot be looked at)."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from aggregator.contract.case import Unloadable, Verdict, load
from aggregator.contract.replies import Unusable


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m aggregator.contract", description="Check a provider, offline.")
    parser.add_argument("provider", help="a file, a package folder, a dotted module, or a provider's id")
    parser.add_argument("--replies", type=Path, metavar="FILE", help="recorded replies (default: beside the provider)")
    options = parser.parse_args(arguments)
    try:
        cases = load(options.provider, options.replies)
    except Unloadable as error:
        print(Verdict("described", "", "FAILED", str(error)))
        return 1
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    for case in cases:
        for trial in case.trials():
            verdict = case.judge(*trial)
            counts[verdict.outcome] += 1
            print(verdict, flush=True)
    print(f"\n{counts['ok']} ok, {counts['n/a']} not applicable, {counts['FAILED']} failed.")
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
