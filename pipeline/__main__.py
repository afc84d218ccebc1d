"""`python -m pipeline STAGE TARGET`. Training and evaluation go to the warm process where one is wanted."""

import os
import sys


def main() -> int:
    """Run the command line; the exit code."""
    ended = None
    if os.environ.get("RECOUNT_WARM") == "1" and sys.argv[1:2] in (["train"], ["evaluate"]):
        from pipeline.commands import warm

        try:
            code = warm.delegate(sys.argv[1:])
        except BaseException as error:  # told below, as that of any command
            code, ended = None, error
        if code is not None:
            return code
    # only now, since who waits for a job needs none of it
    from pipeline.commands import entry, guard

    sys.excepthook = guard.told

    def run() -> int:
        if ended is not None:
            raise ended
        return entry.run(sys.argv[1:])

    return guard.guarded(run)


if __name__ == "__main__":
    sys.exit(main())
