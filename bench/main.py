"""``make bench``: see docs/performance.md; ``--help`` lists the options."""

from tandem_bench.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
