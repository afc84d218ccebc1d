"""Test examples in the plane, by t-SNE of their frozen features: the baseline beside the best of the other methods."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

EXAMPLES = 800
NAMED = 20
"""With more classes than this there is no legend."""


def applies(study: "Study") -> bool:
    return False  # of frozen features, which not every study stores: a study asks for it


def caption(study: "Study") -> str:
    return (
        f"Features of the first {EXAMPLES:,} test examples at most, scaled to unit length, in two dimensions by t-SNE "
        "(started from the principal components, perplexity 30), coloured by class: the baseline, "
        f"{study.baseline}, and the best of the other methods, first seed of the first variant. Neighbours mean "
        "something; distances and axes do not."
    )


def draw(results: "Results") -> Any:
    import numpy as np

    from pipeline.exhibits.figures import _best

    variant = results.variants()[0]
    found: dict[str, tuple[Any, Any]] = {}
    for method in (results.study.baseline, _best.other(results)):
        cell = results.cells.get((variant, method or ""))
        for run, result in zip(cell.runs, cell.results, strict=True) if cell and method else ():
            asked = result["status"] == "ok" and method not in found
            arrays = results.records.examples(run, features=True) if asked else {}
            if "features" in arrays and "labels" in arrays:
                found[str(method)] = arrays["features"][:EXAMPLES].astype(np.float64), arrays["labels"][:EXAMPLES]
    if not found:
        return _style.nothing("No run of this study stored features.")
    figure, axes, _ = _style.grid(len(found), 2, 3.4)
    names = _names(results)
    for axis, (method, (features, classes)) in zip(axes, found.items(), strict=True):
        points = _project(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))
        for number in np.unique(classes):
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            marker = _style.MARKERS[number // len(_style.COLOURS) % len(_style.MARKERS)]
            chosen = points[classes == number]
            name = _style.named(names[number]) if number < len(names) else str(number)
            axis.plot(*chosen.T, marker, color=colour, markersize=2, markeredgewidth=0, alpha=0.8, label=name)
        _style.title(axis, method)
        axis.set(xticks=[], yticks=[], aspect="equal", adjustable="datalim")
        axis.spines[:].set_visible(False)
    if len(names) <= NAMED:
        handles = axes[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=5, markerscale=2)
    return figure


def _project(features: Any) -> Any:
    """(N, 2) by t-SNE; one thread, so that sums are taken in one order."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if len(features) < 5:
        import numpy as np

        return np.pad(features, ((0, 0), (0, 2)))[:, :2]
    perplexity = min(30, (len(features) - 1) / 3)
    with threadpool_limits(1):
        return TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=500).fit_transform(features)


def _names(results: "Results") -> list[str]:
    from pipeline.exhibits import frame

    run = results.runs[0]
    names: list[str] = frame.about(run.dataset, results.root).get("classes", [])
    return [name for number, name in enumerate(names) if number not in (run.settings.get("held_out_classes") or [])]
