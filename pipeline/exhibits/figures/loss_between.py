"""What lies between two solutions: training loss and test error on the straight line from one network to the other."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

ENDS = ("first", "second")
"""What a method that lies between two runs calls them."""
NAMES = ("between_shares", "between_losses", "between_errors")


def applies(study: "Study") -> bool:
    return bool(_ends(study))


def caption(study: "Study") -> str:
    first, second = _ends(study)
    return (
        f"Training loss and test error of networks on the straight line from the weights that {first} ends at (0) to "
        f"those of {second} from the same start (1), and a little beyond. Lines are means over seeds of runs that were "
        "made here, bands their ranges."
    )


def draw(results: "Results") -> Any:
    import numpy as np

    found = [arrays for cell in results.cells.values() for arrays in _examples.kept(cell, *NAMES)]
    if not found:
        return _style.nothing("No run of this study that lies between two others was made here.")
    figure, axes, _ = _style.grid(2, 2, 2.6)
    shares, losses, errors = (np.stack([arrays[name] for arrays in found]) for name in NAMES)
    ends = _ends(results.study)
    for axis, values, colour in ((axes[0], losses, _style.COLOURS[0]), (axes[1], 100.0 * errors, _style.COLOURS[1])):
        axis.plot(shares[0], values.mean(0), color=colour)
        axis.fill_between(shares[0], values.min(0), values.max(0), color=colour, alpha=0.2, lw=0)
        for place, name in zip((0.0, 1.0), ends, strict=True):
            axis.axvline(place, color=_style.SOFT, linewidth=0.8, linestyle="--")
            axis.annotate(name, (place, 1), (2, -2), xycoords=axis.get_xaxis_transform(), fontsize=6,
                          textcoords="offset points", va="top")  # fmt: skip
        axis.set_xlabel("share of the way")
        axis.grid()
    _style.logarithmic(axes[0], "y")
    axes[0].set_ylabel("training loss (nats)")
    axes[1].set_ylabel("test error (%)")
    return figure


def _ends(study: "Study") -> list[str]:
    """The methods at either end; none where nothing lies between two."""
    return next(
        ([entry.bases[name].method for name in ENDS] for entry in study.methods if set(entry.bases) == set(ENDS)), []
    )
