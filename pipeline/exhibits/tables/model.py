"""What a table is: blocks of rows of entries, and the sentences around them."""

from dataclasses import dataclass, field

from pipeline.exhibits import labels
from pipeline.exhibits.cells import Cell, Results, Source
from pipeline.exhibits.floors import Floor
from pipeline.exhibits.statistics import Estimate
from pipeline.publishing import compare

AGREEMENT = {"identical": "as published", "within": "within the spread of seeds", "off": "off what is published"}
DASH = "–"
"""What stands where a fact is not known."""


@dataclass
class Entry:
    """One number of the table. `best`, `tied` and `differs` are never true where an interval is missing."""

    metric: str
    cell: Cell
    estimate: Estimate | None
    best: bool = False
    tied: bool = False
    """Not distinguishable from the best: the paired interval of their difference includes zero."""
    differs: bool = False
    """The paired interval of the difference from the baseline excludes zero."""
    versus: Estimate | None = None
    """Minus the baseline."""
    floor: Floor | None = None
    """What it is not shown to be better than, though it ought to be."""
    notes: list[int] = field(default_factory=list)
    """Of the footnotes that say why some or all of the cell's runs have no value."""

    @property
    def signs(self) -> str:
        """What stands behind the mean."""
        return "†" * self.differs + "‡" * (self.floor is not None)

    @property
    def gap(self) -> str:
        """What stands where there is no number."""
        return self.cell.status if self.cell.lost else "absent"


@dataclass
class Row:
    method: str
    paper: str
    baseline: bool
    reference: bool
    entries: list[Entry]
    floor: bool = False
    ceiling: bool = False
    source: Source = "run"
    agreement: compare.Outcome | None = None
    """Whether runs made here agree with the published ones; None where they are not both there."""
    facts: list[str] = field(default_factory=list)
    """What stands below the table's `facts`: a number, or a dash."""
    notes: list[int] = field(default_factory=list)

    @property
    def roles(self) -> str:
        """What the row is beside a method to be compared; empty for nothing."""
        known = {"baseline": self.baseline, "floor": self.floor, "ceiling": self.ceiling, "not ranked": self.reference}
        return ", ".join(name for name, has in known.items() if has)


@dataclass
class Block:
    """A variant's rows."""

    variant: str
    dataset: str
    data: str
    """The data set and its sizes, in words."""
    changes: str
    """What the variant changes of the study's protocol; empty for none."""
    reach: str
    """From where to where the methods lie between floors and ceilings; empty where there are none."""
    rows: list[Row]

    @property
    def about(self) -> str:
        """Variant, data and changes on one line."""
        return f"{self.variant}: {self.data}" + (f"; {self.changes}" if self.changes else "")


@dataclass
class Table:
    results: Results
    metrics: dict[str, str]
    """Metric -> direction."""
    decimals: dict[str, int]
    facts: list[str]
    """Heads of the columns after the metrics. For people only: what is measured is not in the CSV."""
    blocks: list[Block]
    footnotes: list[str]
    protocol: list[str]
    """Sentences that stand below the title."""
    phenomena: list[str]
    """What must be seen for the comparison to mean anything, and whether it is: a sentence each."""
    legend: list[str]
    hardware: str
    subject: str = "Method"
    """What its rows are: methods, or theorems, whose names are sentences."""

    @property
    def title(self) -> str:
        return self.results.study.title

    @property
    def heads(self) -> dict[str, str]:
        """Metric or fact -> the head of its column."""
        metrics = {name: f"{labels.metric(name)} {labels.ARROWS[way]}" for name, way in self.metrics.items()}
        return metrics | {fact: fact.capitalize() for fact in self.facts}

    def text(self, entry: Entry) -> tuple[str, str]:
        """The mean and the interval as printed; the interval is empty where there is none."""
        value, digits = entry.estimate, self.decimals[entry.metric]
        if value is None:
            return entry.gap, ""
        interval = ""
        if value.low is not None and value.high is not None:
            interval = f"[{labels.number(value.low, digits)}, {labels.number(value.high, digits)}]"
        return labels.number(value.mean, digits), interval
