"""`python -m tests.benchmarks [--quick]`: the same figures on a full or a small night."""

import sys

from tests.benchmarks.quick import FULL_EVENTS, main

if __name__ == "__main__":
    if "--quick" in sys.argv:
        main()
    else:
        main("full", FULL_EVENTS)
