"""The training loop, written once: batches, precision, optimiser, schedule, averages, checkpoints, divergence."""

import contextlib
import copy
import itertools
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from pipeline import checkpoint, optim
from pipeline.augment import Augment
from pipeline.contract import Batch, Context, Method
from pipeline.drivers import Diverged, Job, class_counts, make_encoder
from pipeline.errors import UserError
from pipeline.settings import Augmentation, Optimizer, Schedule

Row = dict[str, Any]


def fit(
    job: Job,
    state: Path,
    seconds_between_checkpoints: float,
    report: Callable[[Row], None],
    watch: Callable[[], dict[str, float]] | None = None,
) -> list[Row]:
    """Train `job.method` as its settings say and return one row an epoch, with what `watch` measured after it.

    A checkpoint is kept at `state`; where one lies there already, training goes on from it and ends with the
    numbers of an uninterrupted run. `report` is called with each new row. Raises Diverged, with the rows so far
    as its second argument, when a loss is not finite.
    """
    settings = job.settings
    method = build(job)
    training = TrainingSet(job)
    settled = Optimizer.model_validate(settings["optimizer"])
    kept = checkpoint.load(state) if state.exists() else None
    rows: list[Row] = []
    if kept is not None:
        rows = _resume(state, kept, method)
    saved = time.monotonic()
    method.train()
    for stage, (first, last) in enumerate(spans(method.stages, settings["epochs"])):
        if len(rows) > max(first, last - 1):
            continue
        method.stage = stage
        if len(rows) == first:
            _start(job, stage, training)
        if len(rows) == last:
            continue
        optimizer = optim.build(settled, method)
        average = copy.deepcopy(method.state_dict()) if settings["weight_average"] else None
        if kept is not None and len(rows) > first:
            _resume_stage(state, kept, optimizer, average)
        for epoch in range(len(rows), last):
            row = _epoch(job, training, optimizer, average, epoch, first, last)
            loss = row["loss"]
            if watch is not None:
                row |= watch()
                method.train()
            rows.append(row if math.isfinite(loss) else {**row, "loss": None})
            report(rows[-1])
            if not math.isfinite(loss):
                raise Diverged(f"loss became {loss} in epoch {epoch + 1}", rows)
            if average is not None and epoch + 1 == last:
                method.load_state_dict(average)
            if time.monotonic() - saved >= seconds_between_checkpoints and epoch + 1 < settings["epochs"]:
                parts = {"method": method.state_dict(), "optimizer": optimizer.state_dict(), "rows": rows}
                checkpoint.save(state, {**parts, "average": average})
                saved = time.monotonic()
    return rows


def spans(shares: tuple[float, ...], epochs: int) -> list[tuple[int, int]]:
    """First epoch and the one after the last of each stage; a stage has no epoch where there are too few."""
    ends = [round(epochs * share / sum(shares)) for share in itertools.accumulate(shares)]
    return list(itertools.pairwise([0, *ends]))


def _start(job: Job, stage: int, training: "TrainingSet") -> None:
    torch.manual_seed(job.seed_of("stage", stage))
    with torch.no_grad():
        job.method.start_stage(stage, training)


def _epoch(
    job: Job,
    training: "TrainingSet",
    optimizer: torch.optim.Optimizer,
    average: dict[str, torch.Tensor] | None,
    epoch: int,
    first: int,
    last: int,
) -> Row:
    """One epoch of a stage that has the epochs first..last-1; its row."""
    settings, data, method, device = job.settings, job.data, job.method, job.device.torch
    rates, schedule = Optimizer.model_validate(settings["optimizer"]), Schedule.model_validate(settings["schedule"])
    steps, size = steps_per_epoch(job), settings["batch_size"]
    started = time.perf_counter()
    method.start_epoch(epoch)
    # seeded anew each epoch, so that a resumed run draws what an uninterrupted one would have drawn
    order = torch.randperm(len(data.train_images), generator=job.generator("order", epoch)).to(device)
    draws = job.generator("augment", epoch)
    torch.manual_seed(job.seed_of("method", epoch))
    order = method.arrange(order)
    total = torch.zeros((), device=device)
    rate = 0.0
    for step in range(steps):
        chosen = order[step * size : (step + 1) * size]
        images = method.fetch(data.train_images, chosen)
        views, boxes = zip(*(training.augment.view(images, kind, draws) for kind in method.views), strict=True)
        done, whole = (epoch - first) * steps + step, (last - first) * steps
        rate = optim.learning_rate(rates, schedule, done, whole)
        for group in optimizer.param_groups:
            group["lr"] = rate
        method.progress = done / whole
        optimizer.zero_grad(set_to_none=True)
        loss = method.backward(Batch(list(views), training.labels_of(chosen), chosen, list(boxes)))
        method.after_backward(epoch)
        optimizer.step()
        with torch.no_grad():
            method.after_step()
            if average is not None:
                _update(average, method.state_dict(), settings["weight_average"])
        total += loss.detach()
    mean = float(total) / steps
    elapsed = time.perf_counter() - started
    return {
        "epoch": epoch + 1,
        "loss": mean,
        "learning_rate": rate,
        "images_per_second": steps * size / elapsed,
        "seconds": elapsed,
    }


class TrainingSet:
    """`contract.Training`, and what the loop itself needs of the training set."""

    def __init__(self, job: Job) -> None:
        data, settings = job.data, job.settings
        self.images = data.train_images
        self.augment = Augment(Augmentation.model_validate(settings["augmentation"]), data.shape, data.mean, data.std)
        self.labels = data.train_labels

    def labels_of(self, chosen: torch.Tensor) -> torch.Tensor:
        last = len(self.labels) - 1
        labels = self.labels[chosen.clamp(max=last)]
        labels[chosen > last] = -1
        return labels

    def plain(self, images: torch.Tensor | None = None) -> Iterator[torch.Tensor]:
        for part in (self.images if images is None else images).split(500):
            yield self.augment(part, "plain")

    def to_bytes(self, views: torch.Tensor) -> torch.Tensor:
        pixels = views.float() * self.augment.std.to(views.device) + self.augment.mean.to(views.device)
        return pixels.mul(255).round().clamp(0, 255).to(torch.uint8)


def build(job: Job) -> Method:
    """The method with the study's encoder and its own modules, on the device, as at the start of training."""
    settings, data = job.settings, job.data
    method = job.method
    method.encoder = make_encoder(job)
    torch.manual_seed(job.seed_of("method"))
    classes = len(data.class_names)
    method.build(
        Context(
            feature_dim=method.encoder.feature_dim,
            num_classes=classes,
            train_examples=len(data.train_images),
            class_counts=class_counts(data),
            batch_size=settings["batch_size"],
            steps_per_epoch=steps_per_epoch(job),
            epochs=settings["epochs"],
            seed=job.seed_of("method"),
            image_shape=data.shape,
            view_shape=(data.shape[0], *Augmentation.model_validate(settings["augmentation"]).view_size(data.shape)),
            base=job.base,
            wild=job.wild,
        )
    )
    method.to(job.device.torch)
    return method.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def steps_per_epoch(job: Job) -> int:
    """Full batches only: queues and batch statistics rely on the batch size."""
    steps = len(job.data.train_images) // job.settings["batch_size"]
    if not steps:
        size, examples = job.settings["batch_size"], len(job.data.train_images)
        raise UserError(f"batch_size = {size}: must be at most the {examples} training examples")
    return steps


def _update(average: dict[str, torch.Tensor], current: dict[str, torch.Tensor], decay: float) -> None:
    for name, value in average.items():
        if value.is_floating_point():
            value.lerp_(current[name], 1 - decay)
        else:
            value.copy_(current[name])


def _resume(state: Path, kept: dict[str, Any], method: Method) -> list[Row]:
    with _whole(state):
        checkpoint.restore(method, kept["method"], state)
        return list(kept["rows"])


def _resume_stage(
    state: Path, kept: dict[str, Any], optimizer: torch.optim.Optimizer, average: dict[str, torch.Tensor] | None
) -> None:
    with _whole(state):
        raw = kept["optimizer"]
        raw["state"] = {int(key): value for key, value in raw["state"].items()}
        optimizer.load_state_dict(raw)
        for parameter, found in optimizer.state.items():
            for name, value in found.items():
                if value.shape == parameter.shape:
                    # a fused step takes for granted that the state lies in memory as its parameter does
                    found[name] = torch.empty_like(parameter).copy_(value)
        if average is not None:
            for name, value in kept["average"].items():
                average[name].copy_(value)


@contextlib.contextmanager
def _whole(state: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f"{state}: corrupt checkpoint ({error}); delete the file and run again") from None
