"""`make bench`: run every benchmark of this folder (or those named) and print what docs/performance.md quotes."""

import importlib
import sys

BENCHMARKS = ("start", "files", "library", "merging", "recommending", "review", "listener")


def main(names: list[str]) -> None:
    for name in names or BENCHMARKS:
        print(f"\n== {name}")
        importlib.import_module(f"tests.benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
