"""`python -m pipeline STAGE TARGET`. Training and evaluation go to the warm process where one is wanted."""

import os
import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if os.environ.get("RECOUNT_WARM") == "1" and sys.argv[1:2] in (["train"], ["evaluate"]):
        from pipeline import warm

        code = warm.delegate(sys.argv[1:])
        if code is not None:
            return code
    from pipeline.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
