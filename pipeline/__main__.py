"""`python -m pipeline STAGE TARGET`. Training and evaluation go to the warm process where one is wanted."""

import os
import sys


def run(arguments: list[str]) -> int:
    """Run a command in this process; the exit code."""
    from pipeline.commands import jobs

    code = jobs.run(arguments)
    if code is None:
        from pipeline.commands.cli import run as run_any

        code = run_any(arguments)
    return code


def main() -> int:
    """Run the command line; the exit code."""
    if os.environ.get("RECOUNT_WARM") == "1" and sys.argv[1:2] in (["train"], ["evaluate"]):
        from pipeline.commands import warm

        code = warm.delegate(sys.argv[1:])
        if code is not None:
            return code
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
