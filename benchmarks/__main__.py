"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all."""

import importlib
import sys
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    """Run and print; an unknown name is one line on standard error and exit code 2."""
    wanted = sys.argv[1:] or NAMES
    for name in wanted:
        if name not in NAMES:
            print(f"benchmarks: unknown benchmark '{name}'; known: {', '.join(NAMES)}", file=sys.stderr)
            return 2
    for name in wanted:
        for line in importlib.import_module(f"benchmarks.{name}").run():
            print(f"{name}: {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
