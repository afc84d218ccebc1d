"""What a metric's value warns of: its file may state CAUTION, a bound and what a greater value means of the row."""

import ast
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline import metrics
from pipeline.exhibits import labels
from pipeline.planning import code

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell
    from pipeline.planning.model import Study


def of(cell: "Cell", study: "Study") -> Iterator[str]:
    """What the cell's means warn of, one line each."""
    for name in study.measured:
        described = labels.described(name)
        stated = _stated(described.name) if described and described.name == name else None
        if stated is None or name not in cell.metrics:
            continue
        bound, meaning = stated
        estimate = cell.estimate(name)
        if estimate is not None and estimate.mean > bound:
            yield f"{meaning} ({labels.metric(name)}: {labels.rounded(estimate.mean, name)}, above {bound:g})"


@functools.cache
def _stated(key: str) -> tuple[float, str] | None:
    """A metric's CAUTION, read from its syntax tree; None where it has none."""
    for node in code.tree(metrics.FOLDER / f"{key}.py").body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CAUTION":
            bound, meaning = ast.literal_eval(node.value)
            return float(bound), str(meaning)
    return None
