"""Milliseconds of a training step by batch size on one core: what is left at the smallest is what no image causes."""

from collections.abc import Iterator, Sequence

from benchmarks import _training

STEPS = 30


def run(tier: str = "laptop", sizes: Sequence[int] = (8, 32, 64, 128), rounds: int = 5) -> Iterator[str]:
    """One line per method: the fastest round at each size, sizes taken in turn; and the line's value at size 0."""
    import numpy as np

    with _training.one_core():
        for study, method in (("ssl", "simclr"), ("classification", "cross_entropy")):
            planned = _training.planned(study, method, tier)
            found = dict.fromkeys(sizes, float("inf"))
            for _ in range(rounds + 1):
                for size in sizes:
                    changes = {"train_examples": size * STEPS, "validation_examples": 0, "epochs": 1}
                    row = _training.fit(_training.job(planned, batch_size=size, **changes))[0]
                    found[size] = min(found[size], 1000 * row["seconds"] / STEPS)
            fixed = np.polyfit(list(found), list(found.values()), 1)[1]
            shown = ", ".join(f"{size}: {taken:.2f}" for size, taken in found.items())
            yield f"{method}: ms a step by batch size {shown}; without images {fixed:.2f}"
