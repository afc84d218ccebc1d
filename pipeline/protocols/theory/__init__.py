"""Theorems, checked numerically: experiments that meet a theorem's assumptions, and what it predicts of them.

No data set is read. A check draws what it needs, as often as `repetitions` says; these take the place of test examples.
"""

from typing import Literal

from pipeline import budget
from pipeline.schema import Count, Seeds

KINDS = ("check",)
MODALITIES = ()


class Budget(budget.Bare):
    repetitions: Count
    """Of each experiment, with draws of its own, the same for all checks of a study."""
    precision: Literal["fp64"] = "fp64"
    seeds: Seeds = 1
    """More precision means more repetitions: further seeds would be no more than that."""
