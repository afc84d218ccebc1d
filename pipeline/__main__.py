"""`python -m pipeline STAGE TARGET`. Training and evaluation go to the warm process where one is wanted."""

import os
import sys

from pipeline.commands import entry
from pipeline.commands.guard import guarded, told


def main() -> int:
    """Run the command line; the exit code."""
    if os.environ.get("RECOUNT_WARM") == "1" and sys.argv[1:2] in (["train"], ["evaluate"]):
        from pipeline.commands import warm

        code = warm.delegate(sys.argv[1:])
        if code is not None:
            return code
    return entry.run(sys.argv[1:])


if __name__ == "__main__":
    sys.excepthook = told
    sys.exit(guarded(main))
