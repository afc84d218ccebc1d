"""The training loop, written once: batches, precision, optimiser, schedule, averages, checkpoints, divergence."""

import contextlib
import copy
import functools
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from pipeline import budget
from pipeline.contract import Batch, Context, Method
from pipeline.errors import UserError
from pipeline.training import checkpoint, optim
from pipeline.training.job import Diverged, Job

Row = dict[str, Any]
Average = dict[str, Tensor]
TRAIN = "train"
"""The name of the training set among the streams."""


@dataclass(frozen=True)
class Phase:
    """Epochs first..last-1 of training, with an optimiser and a schedule of their own.

    number: what the method knows it by. steps: of an epoch; a stream is gone through as often as they need.
    """

    number: int
    first: int
    last: int
    steps: int
    inputs: Tensor
    """The training stream's (N, ...) raw inputs; further streams are the job's."""
    labels: Tensor


def whole(job: Job) -> list[Phase]:
    """The phases of a protocol that trains on the whole training set all the time: the method's own."""
    return split(job, steps_per_epoch(job))


def split(job: Job, steps: int) -> list[Phase]:
    """The job's epochs of so many steps, shared out to the method's phases."""
    shares, epochs, data = job.method.phases, job.settings["epochs"], job.data
    ends = [round(epochs * share / (sum(shares) or 1.0)) for share in itertools.accumulate(shares)]
    spans = itertools.pairwise([0, *ends])
    return [Phase(i, *span, steps, data.train_inputs, data.train_labels) for i, span in enumerate(spans)]


def steps_per_epoch(job: Job) -> int:
    """Full batches only: queues and batch statistics rely on the batch size."""
    size, examples = job.settings["batch_size"], len(job.data.train_inputs)
    if size > examples:
        raise UserError(f"batch_size = {size}: must be at most the {examples} training examples")
    return int(examples // size)


def fit(
    job: Job,
    phases: Sequence[Phase],
    state: checkpoint.Kept,
    seconds_between_checkpoints: float,
    report: Callable[[Row], None],
    watch: Callable[[Job], dict[str, float]] | None = None,
) -> list[Row]:
    """Train `job.method` through the phases and return one row an epoch, with what `watch` measured after it.

    A checkpoint is kept in `state`; where there is one already, training goes on from it and ends with the
    numbers of an uninterrupted run. `report` is called with each new row. Raises Diverged, with the rows so far
    as its second argument, when a loss is not finite.
    """
    method = build(job, phases)
    kept = state.load()
    rows: list[Row] = [] if kept is None else _resume(state.path, kept, method)
    resumed = len(rows)
    saved = time.monotonic()
    method.train()
    for phase in phases:
        first, last = phase.first, phase.last
        if resumed > max(first, last - 1):
            continue
        method.phase = phase.number
        if resumed <= first:
            _start(job, phase)
        if first == last:
            continue
        optimizers = method.optimizers(functools.partial(optim.build, _optimizer(job)), phase.number)
        average = copy.deepcopy(method.state_dict()) if job.settings["weight_average"] else None
        if kept is not None and resumed > first:
            _resume_phase(state.path, kept, optimizers, average)
        for epoch in range(max(first, resumed), last):
            row = _epoch(job, phase, optimizers, average, epoch)
            loss = row["loss"]
            if watch is not None:
                row |= watch(job)
                method.train()
            rows.append(row if math.isfinite(loss) else {**row, "loss": None})
            report(rows[-1])
            if not math.isfinite(loss):
                raise Diverged(f"loss became {loss} in epoch {epoch + 1}", rows)
            if average is not None and epoch + 1 == last:
                method.load_state_dict(average)
            if time.monotonic() - saved >= seconds_between_checkpoints and epoch + 1 < phases[-1].last:
                states = [optimizer.state_dict() for optimizer in optimizers]
                parts = {"method": method.state_dict(), "optimizers": states, "rows": rows, "average": average}
                state.save(parts)
                saved = time.monotonic()
    return rows


def _optimizer(job: Job) -> budget.Optimizer:
    return budget.Optimizer.model_validate(job.settings["optimizer"])


def _start(job: Job, phase: Phase) -> None:
    torch.manual_seed(job.draws.seed_of("stage", phase.number))
    with torch.no_grad():
        job.method.start_phase(phase.number, TrainingSet(job, phase))


def _epoch(job: Job, phase: Phase, optimizers: Sequence[Optimizer], average: Average | None, epoch: int) -> Row:
    """One epoch of a phase; its row."""
    settings, method = job.settings, job.method
    rates, schedule = _optimizer(job), budget.Schedule.model_validate(settings["schedule"])
    started = time.perf_counter()
    with torch.no_grad():
        method.renew(epoch, TrainingSet(job, phase))
    method.start_epoch(epoch)
    total = torch.zeros((), device=job.device.torch)
    rate = 0.0
    steps = (phase.last - phase.first) * phase.steps
    for step, batch in enumerate(_batches(job, phase, epoch), (epoch - phase.first) * phase.steps):
        rate = optim.learning_rate(rates, schedule, step, steps)
        for group in itertools.chain.from_iterable(optimizer.param_groups for optimizer in optimizers):
            group["lr"] = rate * group.get("scale", 1.0)
        method.progress = step / steps
        loss = method.step(batch, optimizers, epoch)
        with torch.no_grad():
            method.after_step()
            if average is not None:
                _update(average, method.state_dict(), settings["weight_average"])
        total += loss
    mean = float(total) / phase.steps
    elapsed = time.perf_counter() - started
    return {
        "epoch": epoch + 1,
        "loss": mean,
        "learning_rate": rate,
        "images_per_second": phase.steps * settings["batch_size"] / elapsed,
        "seconds": elapsed,
    }


def _batches(job: Job, phase: Phase, epoch: int) -> Iterator[Batch]:
    """The epoch's batches. Draws are seeded anew each epoch, so that a resumed run draws what an uninterrupted one
    would have drawn; those of further streams by their names, so that no stream's depend on which others there are."""
    method, batch_size = job.method, job.settings["batch_size"]
    sizes = method.stream_sizes(batch_size)
    own = Stream(job, TRAIN, phase.inputs, phase.labels, method.views, sizes.pop(TRAIN, batch_size))
    further = [
        Stream(job, name, job.data.streams[name], None, method.streams[name], size) for name, size in sizes.items()
    ]
    order = own.order(epoch, phase.steps)
    orders = [stream.order(epoch, phase.steps) for stream in further]
    torch.manual_seed(job.draws.seed_of("method", epoch))
    order = method.arrange(order)
    draws = [job.draws.generator("augment", *stream.purpose, epoch) for stream in (own, *further)]
    batches = own.batches(order, phase.steps, draws[0], method.fetch)
    others = {
        stream.name: stream.batches(places, phase.steps, generator, functools.partial(Method.fetch, method))
        for stream, places, generator in zip(further, orders, draws[1:], strict=True)
    }
    for batch in batches:
        batch.streams.update({name: next(stream) for name, stream in others.items()})
        yield batch


AHEAD = 400_000
"""So many numbers of raw inputs are turned into views at once: many small batches cost little more than one."""


@dataclass(frozen=True)
class Stream:
    """Where a part of each batch comes from. labels: None where there are none."""

    job: Job
    name: str
    inputs: Tensor
    labels: Tensor | None
    views: tuple[str, ...]
    size: int

    @property
    def purpose(self) -> list[str]:
        return [] if self.name == TRAIN else [self.name]

    @property
    def joins(self) -> bool:
        """Whether the modality makes the views of several steps at once."""
        return hasattr(self.job.views, "draws")

    def order(self, epoch: int, steps: int) -> Tensor:
        """Places in random order, as many rounds of all of them as the steps need."""
        draws = self.job.draws.generator("order", *self.purpose, epoch)
        rounds = max(1, math.ceil(steps * self.size / len(self.inputs)))
        places = [torch.randperm(len(self.inputs), generator=draws) for _ in range(rounds)]
        return torch.cat(places).to(self.job.device.torch)

    def batches(
        self, order: Tensor, steps: int, draws: torch.Generator, fetch: Callable[..., Tensor]
    ) -> Iterator[Batch]:
        """The epoch's batches. Draws come step by step, however many steps' views are made at once."""
        together = max(1, AHEAD // (self.size * math.prod(self.inputs.shape[1:]))) if self.joins else 1
        for first in range(0, steps, together):
            chosen = order[first * self.size : min(first + together, steps) * self.size]
            labels, places = labels_of(self.labels, chosen).split(self.size), chosen.split(self.size)
            views = self._views(fetch(self.inputs, chosen), len(places), draws)
            for step, own in enumerate(places):
                made, boxes = zip(*(each[step] for each in views), strict=True)
                yield Batch(list(made), labels[step], own, list(boxes))

    def _views(self, inputs: Tensor, steps: int, generator: torch.Generator) -> list[list[tuple[Tensor, Tensor]]]:
        """Of the inputs of some steps, for each of `self.views` the views and boxes of each step."""
        views = self.job.views
        if not self.joins:
            return [[views.view(inputs, kind, generator)] for kind in self.views]
        drawn = [[views.draws(kind, self.size, generator) for kind in self.views] for _ in range(steps)]
        found: dict[int, list[tuple[Tensor, Tensor]]] = {}
        for kind in dict.fromkeys(self.views):
            places = [place for place, each in enumerate(self.views) if each == kind]
            parts = zip(*(step[place] for place in places for step in drawn), strict=True)
            made = views.made(torch.cat([inputs] * len(places)), kind, [torch.cat(part) for part in parts])
            split = list(zip(*(each.split(self.size) for each in made), strict=True))
            found |= {place: split[at * steps :][:steps] for at, place in enumerate(places)}
        return [found[place] for place in range(len(self.views))]


def labels_of(labels: Tensor | None, chosen: Tensor) -> Tensor:
    """Labels of the chosen places; -1 where there are none."""
    if labels is None:
        return torch.full_like(chosen, -1)
    last = len(labels) - 1
    found = labels[chosen.clamp(max=last)]
    found[chosen > last] = -1
    return found


class TrainingSet:
    """`contract.TrainingSet` of a phase."""

    def __init__(self, job: Job, phase: Phase) -> None:
        self.inputs, self.labels, self._views = phase.inputs, phase.labels, job.views

    def plain(self, inputs: Tensor | None = None) -> Iterator[Tensor]:
        yield from self._views.plain(self.inputs if inputs is None else inputs)

    def raw(self, views: Tensor) -> Tensor:
        found: Tensor = self._views.raw(views)
        return found


def build(job: Job, phases: Sequence[Phase]) -> Method:
    """The method with the study's encoder and its own modules, on the device, as at the start of training."""
    settings, data, method = job.settings, job.data, job.method
    torch.manual_seed(job.draws.seed_of("encoder"))
    encoder = job.modality.encoder(settings["encoder"], data.shape)
    encoder.bf16 = job.device.precision == "bf16"
    method.encoder = encoder
    seed = job.draws.seed_of("method")
    torch.manual_seed(seed)
    context = Context(
        feature_dim=encoder.feature_dim,
        num_classes=len(data.class_names),
        train_examples=len(data.train_inputs),
        class_counts=data.class_counts,
        batch_size=settings["batch_size"],
        steps_per_epoch=phases[0].steps,
        epochs=settings["epochs"],
        seed=seed,
        inputs=job.views.facts,
        target_range=(float(data.train_labels.min()), float(data.train_labels.max())) if data.numbers else None,
        base=job.base,
        streams=data.streams,
    )
    method.build(context)
    method.to(job.device.torch)
    return method.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _update(average: Average, current: Average, decay: float) -> None:
    for name, value in average.items():
        if value.is_floating_point():
            value.lerp_(current[name], 1 - decay)
        else:
            value.copy_(current[name])


def _resume(state: Path, kept: dict[str, Any], method: Method) -> list[Row]:
    with _sound(state):
        checkpoint.restore(method, kept["method"], state)
        return list(kept["rows"])


def _resume_phase(state: Path, kept: dict[str, Any], optimizers: Sequence[Optimizer], average: Average | None) -> None:
    with _sound(state):
        for optimizer, raw in zip(optimizers, kept["optimizers"], strict=True):
            raw["state"] = {int(key): value for key, value in raw["state"].items()}
            optimizer.load_state_dict(raw)
            for parameter, found in optimizer.state.items():
                for name, value in found.items():
                    if isinstance(value, Tensor):
                        # a fused step takes for granted that the state lies in memory as its parameter does
                        found[name] = torch.empty_like(parameter).copy_(value)
        if average is not None:
            for name, value in kept["average"].items():
                average[name].copy_(value)


@contextlib.contextmanager
def _sound(state: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f"{state}: corrupt checkpoint ({error}); delete the file and run again") from None
