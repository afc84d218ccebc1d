"""What small encoders learn in equal CPU time: accuracy of cross-entropy, and of a linear probe on SimCLR's features.

Every candidate is first timed, all of them in turn, round by round, and each by its fastest round: a machine whose
speed drifts drifts for all. Then it is trained on as many images as that speed allows in so many CPU seconds, at
several learning rates, of which the best counts, and judged on training images that were kept out.
"""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import _training
from pipeline.modalities.images.encoders.convnet import ConvNet, Layer

CANDIDATES: dict[str, tuple[Layer, ...]] = {
    "8p 32p 64p 64": ((8, 3, 1, True), (32, 3, 1, True), (64, 3, 1, True), (64, 3, 1, False)),
    "16p 32p 64p 64": ((16, 3, 1, True), (32, 3, 1, True), (64, 3, 1, True), (64, 3, 1, False)),
    "16p 32p 128p": ((16, 3, 1, True), (32, 3, 1, True), (128, 3, 1, True)),
    "16/2 32p 128p": ((16, 5, 2, False), (32, 3, 1, True), (128, 3, 1, True)),
    "32/2 64p 128p": ((32, 5, 2, False), (64, 3, 1, True), (128, 3, 1, True)),
    "32/2 64/2 128/2": ((32, 5, 2, False), (64, 3, 2, False), (128, 3, 2, False)),
    "64/4 64 128p": ((64, 6, 4, False), (64, 3, 1, False), (128, 3, 1, True)),
}
"""Named by their layers: channels, `/` and the stride, `p` where pooled."""


@dataclass(frozen=True)
class Task:
    study: str
    method: str
    dataset: str
    side: int | None
    """Pixels of a view; None for those of the images."""
    metric: str


TASKS = {
    "cross-entropy, 28 pixels": Task("classification", "cross_entropy", "fashion_mnist", None, "top1"),
    "cross-entropy, 14 pixels": Task("classification", "cross_entropy", "fashion_mnist_small", None, "top1"),
    "SimCLR, 28 pixels": Task("ssl", "simclr", "fashion_mnist_cluttered", None, "linear_top1"),
    "SimCLR, 16 pixels": Task("ssl", "simclr", "fashion_mnist_cluttered", 16, "linear_top1"),
}
BATCH = 64
KEPT_OUT = 2000
"""Training images on which accuracy is measured: an encoder that is chosen by it is not chosen on test images."""
RATES = (0.003, 0.01)


def run(
    tier: str = "laptop",
    candidates: Mapping[str, Sequence[Layer]] = CANDIDATES,
    tasks: Sequence[str] = tuple(TASKS),
    seconds: Sequence[float] = (5, 10, 30),
    seeds: int = 1,
    rates: Sequence[float] = RATES,
    rounds: int = 8,
) -> Iterator[str]:
    """One line per task and candidate: microseconds an image, and accuracy in per cent after each time."""
    with _training.one_core():
        for name in tasks:
            task = TASKS[name]
            chosen = _training.planned(task.study, task.method, tier)
            taken = _speeds(chosen, task, candidates, rounds)
            for candidate, layers in candidates.items():
                found = []
                for limit in seconds:
                    images = round(limit / taken[candidate])
                    tried = [
                        statistics.mean(_accuracy(chosen, task, layers, seed, images, rate) for seed in range(seeds))
                        for rate in rates
                    ]
                    found.append(f"{max(tried):.1f}")
                yield f"{name} | {candidate} | {1e6 * taken[candidate]:.0f} | {' | '.join(found)}"


def _speeds(chosen: Any, task: Task, candidates: Mapping[str, Sequence[Layer]], rounds: int) -> dict[str, float]:
    """CPU seconds that an image takes in training, at each candidate's fastest."""
    found = dict.fromkeys(candidates, float("inf"))
    for _ in range(rounds):
        for name, layers in candidates.items():
            job = _job(chosen, task, layers, 0, 20 * BATCH, 0.01)
            started = time.process_time()
            _training.fit(job)
            found[name] = min(found[name], (time.process_time() - started) / (20 * BATCH))
    return found


def _accuracy(chosen: Any, task: Task, layers: Sequence[Layer], seed: int, images: int, rate: float) -> float:
    """Per cent of the images kept out that a candidate, trained on so many images, tells right."""
    job = _job(chosen, task, layers, seed, images, rate)
    _training.fit(job)
    return _training.measured(job, task.metric)


def _job(chosen: Any, task: Task, layers: Sequence[Layer], seed: int, images: int, rate: float) -> Any:
    """Training on about so many images in all, in as many epochs as that takes of the data set."""
    from pipeline import modalities

    examples = modalities.describe(task.dataset).train_examples - KEPT_OUT
    epochs = max(1, round(images / examples))
    return _training.job(
        chosen,
        lambda shape: ConvNet(shape[0], layers),
        seed,
        dataset=task.dataset,
        train_examples=max(BATCH, min(examples, images // epochs)) + KEPT_OUT,
        validation_examples=KEPT_OUT,
        evaluate_on="validation",
        epochs=epochs,
        batch_size=BATCH,
        optimizer={**chosen.settings["optimizer"], "name": "adamw", "learning_rate": rate, "weight_decay": 0.01},
        schedule={"name": "cosine", "warmup": 0.1},
        augmentation={**chosen.settings["augmentation"], "full_size": task.side},
    )
