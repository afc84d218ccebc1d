"""The ensemble of attacks by which robust accuracy is told (Croce and Hein 2020, section 5), made small."""

from pipeline.ops.apgd import APGD, Targeted
from pipeline.ops.attacks import Attack, Cascade
from pipeline.ops.balls import BALLS
from pipeline.ops.square import square


def strongest(norm: str, radius: float, steps: int, targets: int, queries: int) -> Attack:
    """APGD on cross-entropy, APGD towards the most likely wrong classes by the ratio of logits, and Square.

    Each attacks what has withstood those before, from one start. AutoAttack has 100 steps, 9 classes, 5,000 queries,
    and FAB beside them.
    """
    ball = BALLS[norm](radius)
    attacks: list[Attack] = [APGD(ball, steps), Targeted(ball, steps, targets)]
    if queries:
        attacks.append(square(ball, queries))
    return Cascade(attacks)
