"""What runs that were made here have kept of their examples."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _best

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results


def kept(cell: "Cell", *names: str) -> list[dict[str, Any]]:
    """By seed, the arrays of those that have all of these names."""
    return [arrays for _, arrays in sorted(cell.examples.items()) if all(name in arrays for name in names)]


def pictured(results: "Results", name: str, most: int) -> dict[str, dict[str, Any]]:
    """Method of the first variant -> its first arrays that have pictures of this name, of so many methods at most.

    The first reference comes first, then the baseline, the best other method and all others.
    """
    variant = results.variants()[0]
    references = [entry.key for entry in results.study.methods if entry.reference]
    wanted = [*references[:1], results.study.baseline, _best.other(results), *results.methods(variant)]
    found: dict[str, dict[str, Any]] = {}
    for method in dict.fromkeys(m for m in wanted if m in results.methods(variant)):
        if len(found) < most and (there := kept(results.cells[variant, method], name)):
            found[method] = there[0]
    return found
