"""Accuracy that each attack leaves of each defence: the weakest attacks above, the strongest defences on the left."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

METRIC = "left"


def applies(study: "Study") -> bool:
    return False


def caption(study: "Study") -> str:
    return (
        "Accuracy on the test images that an attack leaves (%), mean over seeds: what is right as it is and under "
        "attack. Rows are attacks, the strongest below, columns are the networks that are attacked, the most robust on "
        "the left, both by their means over what both have; grey where an attack was not made. Bold: the strongest of "
        "each column but for reference rows."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    found = _means(results)
    if not found:
        return _style.nothing("No attack of this study has left anything to show.")
    attacks, defences = _sorted(found)
    aside = {entry.key for entry in results.study.methods if entry.reference}
    figure = Figure(figsize=(_style.WIDTH, 0.9 + 0.24 * len(attacks)))
    axis = figure.subplots()
    grid = [[found.get((attack, defence), float("nan")) for defence in defences] for attack in attacks]
    drawn = axis.imshow(grid, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    axis.set_facecolor(_style.RULE)
    for column, defence in enumerate(defences):
        least = min((v for (a, of), v in found.items() if of == defence and a not in aside), default=None)
        for row, attack in enumerate(attacks):
            value = found.get((attack, defence))
            if value is not None:
                weight = "bold" if value == least and attack not in aside else "normal"
                ink = "white" if value > 55 else _style.INK
                axis.text(column, row, f"{value:.1f}", ha="center", va="center", color=ink, fontsize=7, weight=weight)
    axis.set_xticks(range(len(defences)), [_style.named(labels.words(d)).replace(" ", "\n") for d in defences])
    axis.set_yticks(range(len(attacks)), [_style.named(attack) for attack in attacks])
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    figure.colorbar(drawn, ax=axis, label="accuracy left (%)")
    return figure


def _means(results: "Results") -> dict[tuple[str, str], float]:
    """(attack, defence) -> mean over runs, of variants that other settings do not set apart."""
    found = {}
    for (variant, attack), cell in results.cells.items():
        if _is_a_defence(results.study, variant) and (estimate := cell.estimate(METRIC)) is not None:
            found[attack, _defence(results.study, variant)] = estimate.mean
    return found


def _is_a_defence(study: "Study", variant: str) -> bool:
    return not study.variants[variant].get("settings")


def _defence(study: "Study", variant: str) -> str:
    """The method of the run that is attacked."""
    base = study.variants[variant].get("base")
    if base is not None:
        return str(base["method"])
    return study.base.method if study.base else variant


def _sorted(found: dict[tuple[str, str], float]) -> tuple[list[str], list[str]]:
    """Attacks that leave most first, and defences of which most is left."""
    attacks, defences = (list(dict.fromkeys(key[place] for key in found)) for place in (0, 1))
    by_attack = {a: [found[a, d] for d in defences if (a, d) in found] for a in attacks}
    by_defence = {d: [found[a, d] for a in attacks if (a, d) in found] for d in defences}
    attacks.sort(key=lambda a: -sum(by_attack[a]) / len(by_attack[a]))
    defences.sort(key=lambda d: -sum(by_defence[d]) / len(by_defence[d]))
    return attacks, defences
