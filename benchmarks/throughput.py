"""Training images per second on one core against a plain torchvision-transforms-and-DataLoader loop.

Both train the same network with the same loss, optimiser, batch size and augmentation strengths; ours is the
project's own loop, the other is written as tutorials write it: PIL images, transforms one image at a time, a
DataLoader, default memory layout. Rounds alternate, so that a machine whose speed drifts drifts for both.
"""

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any


def run(tier: str = "laptop", examples: int = 2560, rounds: int = 5) -> Iterator[str]:
    """One line per method: images per second of both loops and their ratio."""
    import torch

    from pipeline.planning import load

    with _one_core():
        torch.set_num_threads(1)
        for study, method in (("ssl", "simclr"), ("classification", "cross_entropy")):
            planned = load.load(overrides={"tier": tier}, only=study).study_runs(study)
            chosen = next(r for r in planned if (r.method, r.variant, r.seed) == (method, "default", 0))
            ours, plain = _ours(chosen, examples), _plain(chosen, examples)
            pairs = [(ours(), plain()) for _ in range(rounds + 1)][1:]
            ratio = statistics.median(a / b for a, b in pairs)
            a, b = (statistics.median(values) for values in zip(*pairs, strict=True))
            spread = ", ".join(f"{x / y:.2f}" for x, y in pairs)
            yield f"{method}: {a:.0f} images/s, plain loop {b:.0f}, ratio {ratio:.2f} (pairs: {spread})"


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """This process on one core, where the system can hold it there."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _job(planned: Any, examples: int) -> Any:
    from pipeline import modalities
    from pipeline.commands.stages import recipe
    from pipeline.planning import data
    from pipeline.training import job
    from pipeline.training.device import choose

    modalities.prepare(planned.dataset, Path(), data.code(planned.dataset))
    made = recipe(planned)
    settings = {**made.settings, "train_examples": examples, "validation_examples": 0, "epochs": 1}
    return job.make(replace(made, settings=settings), choose(), modalities.load, None)


def _ours(planned: Any, examples: int) -> Callable[[], float]:
    from pipeline.training.checkpoint import Kept
    from pipeline.training.loop import fit, whole

    def round_() -> float:
        job = _job(planned, examples)
        with tempfile.TemporaryDirectory() as folder:
            rows = fit(job, whole(job), Kept(Path(folder) / "none", "benchmark"), 1e9, lambda row: None)
        return float(rows[0]["images_per_second"])

    return round_


def _plain(planned: Any, examples: int) -> Callable[[], float]:
    """A loop as in torchvision's and PyTorch's tutorials."""
    import torch
    from torch.utils.data import DataLoader, Dataset

    from pipeline.budget import Optimizer
    from pipeline.contract import Batch
    from pipeline.modalities.images.vision import torchvision
    from pipeline.training import optim
    from pipeline.training.loop import build, whole

    job = _job(planned, examples)
    method = build(job, whole(job)).to(memory_format=torch.contiguous_format)
    optimizer = optim.build(Optimizer.model_validate(job.settings["optimizer"]), method)
    vision = torchvision().transforms
    policy = job.settings["augmentation"]
    side = policy["full_size"] or job.data.shape[1]
    steps: list[Any] = []
    if policy["shift"]:
        steps.append(vision.RandomCrop(side, padding=policy["shift"]))
    if policy["crop_scale"]:
        steps.append(vision.RandomResizedCrop(side, scale=tuple(policy["crop_scale"])))
    steps.append(vision.RandomHorizontalFlip(policy["flip"]))
    if policy["jitter"]:
        jitter = vision.ColorJitter(policy["brightness"], policy["contrast"])
        steps.append(vision.RandomApply([jitter], policy["jitter"]))
    transform = vision.Compose([*steps, vision.ToTensor(), vision.Normalize(job.data.mean, job.data.std)])
    to_image = vision.ToPILImage()

    class Images(Dataset):
        def __init__(self) -> None:
            self.images = [to_image(image) for image in job.data.train_inputs]

        def __len__(self) -> int:
            return len(self.images)

        def __getitem__(self, place: int) -> Any:
            views = [transform(self.images[place]) for _ in method.views]
            return views, job.data.train_labels[place], place

    loader = DataLoader(Images(), job.settings["batch_size"], shuffle=True, drop_last=True)

    def round_() -> float:
        method.train()
        started, seen = time.perf_counter(), 0
        for views, labels, places in loader:
            loss = method.loss(Batch(views, labels, places))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            method.after_step()
            seen += len(labels)
        return seen / (time.perf_counter() - started)

    return round_
