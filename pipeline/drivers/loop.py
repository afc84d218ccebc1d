"""The training loop, written once: batches, precision, optimiser, schedule, averages, checkpoints, divergence."""

import contextlib
import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from pipeline import checkpoint, optim
from pipeline.augment import Augment
from pipeline.contract import Batch, Context, Method
from pipeline.drivers import Diverged, Job, make_encoder
from pipeline.errors import UserError
from pipeline.settings import Augmentation, Optimizer, Schedule

Row = dict[str, Any]


def fit(job: Job, state: Path, seconds_between_checkpoints: float, report: Callable[[Row], None]) -> list[Row]:
    """Train `job.method` as its settings say and return one row an epoch.

    A checkpoint is kept at `state`; where one lies there already, training goes on from it and ends with the
    numbers of an uninterrupted run. `report` is called with each new row. Raises Diverged, with the rows so far
    as its second argument, when a loss is not finite.
    """
    settings, data, device = job.settings, job.data, job.device.torch
    method = build(job)
    optimizer_settings = Optimizer.model_validate(settings["optimizer"])
    schedule = Schedule.model_validate(settings["schedule"])
    optimizer = optim.build(optimizer_settings, method)
    augment = Augment(Augmentation.model_validate(settings["augmentation"]), data.shape, data.mean, data.std)
    average = copy.deepcopy(method.state_dict()) if settings["weight_average"] else None
    steps = steps_per_epoch(job)
    epochs = settings["epochs"]
    rows: list[Row] = []
    if state.exists():
        rows = _resume(state, method, optimizer, average)
    saved = time.monotonic()
    method.train()
    for epoch in range(len(rows), epochs):
        started = time.perf_counter()
        method.start_epoch(epoch)
        # seeded anew each epoch, so that a resumed run draws what an uninterrupted one would have drawn
        order = torch.randperm(len(data.train_images), generator=job.generator("order", epoch)).to(device)
        draws = job.generator("augment", epoch)
        torch.manual_seed(job.seed_of("method", epoch))
        total = torch.zeros((), device=device)
        rate = 0.0
        for step in range(steps):
            chosen = order[step * settings["batch_size"] : (step + 1) * settings["batch_size"]]
            images = data.train_images[chosen]
            views = [augment(images, kind, draws) for kind in method.views]
            done = epoch * steps + step
            rate = optim.learning_rate(optimizer_settings, schedule, done, epochs * steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            method.progress = done / (epochs * steps)
            with autocast(job):
                loss = method.loss(Batch(views, data.train_labels[chosen], chosen))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            method.after_backward(epoch)
            optimizer.step()
            with torch.no_grad():
                method.after_step()
                if average is not None:
                    _update(average, method.state_dict(), settings["weight_average"])
            total += loss.detach()
        mean = float(total) / steps
        elapsed = time.perf_counter() - started
        row = {
            "epoch": epoch + 1,
            "loss": mean if total.isfinite() else None,
            "learning_rate": rate,
            "images_per_second": steps * settings["batch_size"] / elapsed,
            "seconds": elapsed,
        }
        rows.append(row)
        report(row)
        if not total.isfinite():
            raise Diverged(f"loss became {mean} in epoch {epoch + 1}", rows)
        if time.monotonic() - saved >= seconds_between_checkpoints and epoch + 1 < epochs:
            parts = {"method": method.state_dict(), "optimizer": optimizer.state_dict(), "rows": rows}
            checkpoint.save(state, {**parts, "average": average})
            saved = time.monotonic()
    if average is not None:
        method.load_state_dict(average)
    return rows


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
            class_counts=tuple(torch.bincount(data.train_labels.cpu(), minlength=classes).tolist()),
            batch_size=settings["batch_size"],
            steps_per_epoch=steps_per_epoch(job),
            epochs=settings["epochs"],
            seed=job.seed_of("method"),
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


def autocast(job: Job) -> contextlib.AbstractContextManager[Any]:
    """bf16 where the run's precision is bf16; weights and optimiser state stay fp32."""
    if job.device.precision == "bf16":
        return torch.autocast(job.device.torch.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def _update(average: dict[str, torch.Tensor], current: dict[str, torch.Tensor], decay: float) -> None:
    for name, value in average.items():
        if value.is_floating_point():
            value.lerp_(current[name], 1 - decay)
        else:
            value.copy_(current[name])


def _resume(state: Path, method: Method, optimizer: torch.optim.Optimizer, average: dict | None) -> list[Row]:
    kept = checkpoint.load(state)
    try:
        checkpoint.restore(method, kept["method"], state)
        raw = kept["optimizer"]
        raw["state"] = {int(key): value for key, value in raw["state"].items()}
        optimizer.load_state_dict(raw)
        if average is not None:
            for name, value in kept["average"].items():
                average[name].copy_(value)
        rows: list[Row] = list(kept["rows"])
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f"{state}: corrupt checkpoint ({error}); delete the file and run again") from None
    return rows
