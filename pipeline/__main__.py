"""`python -m pipeline STAGE TARGET`. Training and evaluation go to the warm process where one is wanted."""

import os
import sys

INTERRUPTED = 130
"""The exit code of a shell for a process that SIGINT has ended."""


def main() -> int:
    """Run the command line; the exit code."""
    if os.environ.get("RECOUNT_WARM") == "1" and sys.argv[1:2] in (["train"], ["evaluate"]):
        from pipeline.commands import warm

        try:
            code = warm.delegate(sys.argv[1:])
        except KeyboardInterrupt:
            return INTERRUPTED
        if code is not None:
            return code
    # only now, since who waits for a job needs none of it
    from pipeline.commands import entry, guard

    sys.excepthook = guard.told
    return entry.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
