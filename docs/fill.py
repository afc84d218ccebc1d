"""Fill README.md's generated blocks from results/, so that its numbers are those of the last `make reproduce`.

A block is what stands between `<!-- NAME -->` and `<!-- end -->`; NAME is `table:STUDY` or `verdicts`.
`python docs/fill.py` writes README.md; with `--check` it writes nothing and exits with 1 where a row is out of date.
"""

import csv
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- (table:\w+|verdicts) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(study: str) -> str:
    """The study's Markdown table; its headings become bold lines, which leave the README's outline alone."""
    text = (ROOT / f"results/tables/{study}.md").read_text()
    return re.sub(r"^#+ (.*)$", r"**\1**", text, flags=re.MULTILINE)


def verdicts() -> str:
    """How many claims of papers/ got which verdict."""
    with (ROOT / "results/claims.csv").open(newline="") as stream:
        counts = Counter(row["verdict"] for row in csv.DictReader(stream))
    kinds = ("supported", "contradicted", "inconclusive", "not_tested")
    return "| verdict | claims |\n| --- | ---: |\n" + "".join(f"| {kind} | {counts[kind]} |\n" for kind in kinds)


def fill(match: re.Match[str]) -> str:
    name = match[2]
    content = verdicts() if name == "verdicts" else table(name.removeprefix("table:"))
    return f"{match[1]}{content}{match[3]}"


def rows(text: str) -> list[str]:
    """The lines that state results; how long the runs took differs each time."""
    return [line for line in text.splitlines() if line.startswith("|")]


def main() -> int:
    before = README.read_text()
    try:
        after = BLOCK.sub(fill, before)
    except FileNotFoundError as error:
        print(f"{error.filename}: missing; `make reproduce` makes it", file=sys.stderr)
        return 2
    if "--check" in sys.argv[1:]:
        stale = rows(before) != rows(after)
        print("README.md is out of date; run `python docs/fill.py`" if stale else "README.md is up to date")
        return int(stale)
    README.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
