"""What a metric is at each radius that it was measured at, which its suffix names: `_0_05`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell
    from pipeline.exhibits.statistics import Estimate


def estimates(cell: "Cell", metric: str) -> "dict[float, Estimate]":
    """Radius -> the metric's mean and interval, ascending."""
    prefix = f"{metric}_"
    named = {
        float(name.removeprefix(prefix).replace("_", ".")): name for name in cell.metrics if name.startswith(prefix)
    }
    found = {radius: cell.estimate(name) for radius, name in sorted(named.items())}
    return {radius: estimate for radius, estimate in found.items() if estimate is not None}
