"""Accuracy under attack while training goes on, of test images and of training images."""

from pipeline.errors import Absent

LABEL = "Robust while training (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
PARTS = 10


def compute(watched_robust: list[float] | None, watched_train_robust: list[float] | None) -> dict[str, float]:
    """After each tenth of the epochs (`_test_10`, `_train_10`, in percent of them); without a suffix at the end."""
    if not watched_robust or not watched_train_robust:
        raise Absent("the study does not watch epochs here, or there are none")
    found = {"": watched_robust[-1]}
    for name, watched in (("test", watched_robust), ("train", watched_train_robust)):
        for part in range(1, PARTS + 1):
            found[f"{name}_{100 * part // PARTS}"] = watched[max(len(watched) * part // PARTS, 1) - 1]
    return found
