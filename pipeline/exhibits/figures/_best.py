"""The methods that a figure shows beside the baseline."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results


def other(results: "Results") -> str | None:
    """The ranked method with the best mean of the study's first metric in the first variant, the baseline aside.

    None where none is left.
    """
    metric, direction = next(iter(results.study.metrics.items()))
    return of(results, metric, direction, aside=results.study.baseline)


def of(results: "Results", metric: str, direction: str, aside: str | None = None) -> str | None:
    """The ranked method with the best mean of a metric in the first variant, but for the one that is left aside.

    Methods of which seeds have no value are not ranked; None where none is.
    """
    variant = results.variants()[0]
    order = 1 if direction == "higher" else -1
    means = {}
    for entry in results.study.methods:
        cell = results.cells.get((variant, entry.key))
        values = [] if cell is None or not cell.whole(metric) else list(cell.sample(metric).values.values())
        if values and not entry.reference and entry.key != aside:
            means[entry.key] = order * sum(values) / len(values)
    return max(means, key=lambda method: means[method], default=None)
