"""Mask ratio and purity of pseudo-labels while training goes on."""

from pipeline.errors import Absent

LABEL = "Pseudo-labels while training (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None
PARTS = 10


def compute(watched_pseudo_labels: list[tuple[float, float]] | None) -> dict[str, float]:
    """After each tenth of the epochs the share used (`_used_10` ...) and of it the right (`_right_10` ...).

    Without a suffix, the share of all that is used and right, at the end; `_early` is the share used after a fifth.
    """
    if not watched_pseudo_labels:
        raise Absent("the study does not watch epochs here, or the method labels no input")
    watched = watched_pseudo_labels
    found = {"": watched[-1][0] * watched[-1][1] / 100}
    for part in range(1, PARTS + 1):
        used, right = watched[max(len(watched) * part // PARTS, 1) - 1]
        found |= {f"used_{100 * part // PARTS}": used, f"right_{100 * part // PARTS}": right}
    return {**found, "early": found["used_20"]}
