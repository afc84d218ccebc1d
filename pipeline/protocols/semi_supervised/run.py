"""Few labels: the training set is its labelled part, and the stream "unlabelled" all of it, without labels."""

import copy
from functools import cached_property

import torch
from torch import Tensor

from pipeline.contract import Batch, Method
from pipeline.errors import UserError
from pipeline.methods.semi_supervised import Believing, SemiSupervised
from pipeline.modalities.sharing import taken
from pipeline.protocols.supervised import run as supervised
from pipeline.training.job import Job
from pipeline.training.loop import Phase, split

WATCHED = 2000
"""So many of the stream are looked at after an epoch."""


def watch(job: Job) -> dict[str, float]:
    """With `test_top1`, of methods that label the stream: `used`, the share that they take, and of it `pseudo_right`.

    In percent; where nothing is taken nothing is right."""
    found, taken = supervised.watch(job), pseudo_labels(job, WATCHED)
    hidden = ~job.data.hidden["given"][:WATCHED]
    if taken is None or not hidden.any():
        return found
    right = (taken[0] == job.data.hidden["stream"][:WATCHED])[hidden]
    weights = taken[1][hidden]
    total = float(weights.sum())
    purity = 100 * float((weights * right).sum()) / total if total else 0.0
    return {**found, "used": 100 * total / len(weights), "pseudo_right": purity}


@torch.no_grad()
def pseudo_labels(job: Job, first: int | None = None) -> tuple[Tensor, Tensor] | None:
    """Classes (M,) int64 and weights (M,) that the stream's inputs, or the first of them, now have; None without."""
    method, places = job.method.eval(), 0
    if not isinstance(method, SemiSupervised):
        return None
    parts = []
    for plain in job.views.plain(job.data.streams["unlabelled"][:first]):
        parts.append(method.pseudo_labels(plain, torch.arange(places, places + len(plain), device=plain.device)))
        places += len(plain)
    classes, weights = zip(*parts, strict=True)
    return torch.cat(classes), torch.cat(weights).float()


@torch.no_grad()
def beliefs(job: Job) -> dict[str, Tensor]:
    """What the method tells of the stream's inputs without labels beyond classes and weights, by name: (U, K)."""
    method = job.method.eval()
    inputs = job.data.streams["unlabelled"][~job.data.hidden["given"]]
    if not isinstance(method, Believing) or not len(inputs):
        return {}
    parts = [method.beliefs(plain) for plain in job.views.plain(inputs)]
    return {name: torch.cat([part[name] for part in parts]).float() for name in parts[0]}


def prepare(job: Job) -> Job:
    """Hide the labels that are not given: what trains has the labelled part, and of the rest the inputs alone.

    The labelled inputs are in the stream too, as in FixMatch. Its labels are kept for evaluation.
    """
    data, count = job.data, job.settings["labelled_examples"]
    given, classes = torch.ones(len(data.train_labels), dtype=torch.bool), len(data.class_names)
    if count is not None:
        given = per_class(data.train_labels.cpu(), classes, count // classes, job.draws.generator("labelled"))
    given = given.to(data.train_labels.device)
    inputs, labels = data.train_inputs[given], data.train_labels[given]
    stream, true = data.train_inputs, data.true_labels
    known = torch.ones_like(given)
    labelled = given
    if share := job.settings["unknown_share"]:
        unknown = unknown_inputs(job)
        order = mixed(given.cpu(), len(unknown), share, job.draws.generator("unknown")).to(given.device)
        stream = torch.cat([stream, unknown])[order]
        known, labelled = order < len(given), torch.cat([given, given.new_zeros(len(unknown))])[order]
        true = torch.cat([true, true.new_full((len(unknown),), -1)])[order]
    return job.with_data(
        train_inputs=inputs,
        train_labels=labels,
        true_labels=data.true_labels[given],
        labelled_inputs=inputs,
        labelled_labels=labels,
        streams={**data.streams, "unlabelled": stream},
        hidden={
            **data.hidden,
            "given": labelled,
            "known": known,
            "labels": true[known & ~labelled],
            "stream": true,
        },
    )


def unknown_inputs(job: Job) -> Tensor:
    """Raw inputs (U, ...) of the classes held out, from the part of the training split that the run trains on."""
    settings, prepared = job.settings, job.load(job.settings["dataset"])
    count = settings["train_examples"] or len(prepared.train_inputs)
    train, *_ = taken(prepared, "train", count - settings["validation_examples"], settings["validation_examples"])
    held_out = torch.isin(prepared.train_labels[train], torch.tensor(settings["held_out_classes"]))
    return prepared.train_inputs[train[held_out]].to(job.data.train_inputs.device)


def mixed(given: Tensor, unknown: int, share: float, generator: torch.Generator) -> Tensor:
    """(N,) places, in random order, of a stream of N inputs of which `share` are unknown; those count from N on.

    given: (N,) bool, which known inputs are labelled; they stay. At one seed the inputs of a smaller share are among
    those of a larger one, and a place in the stream tells nothing of what is there.
    """
    wanted = round(share * len(given))
    leaving, entering = torch.randperm(len(given), generator=generator), torch.randperm(unknown, generator=generator)
    leaving = leaving[~given[leaving]][:wanted]
    if len(leaving) < wanted or unknown < wanted:
        raise UserError(
            f"unknown_share = {share:g}: {wanted} inputs must make way for as many of classes held out, but "
            f"{int((~given).sum())} are without label and {unknown} are there; make the share smaller"
        )
    stays = torch.ones_like(given)
    stays[leaving] = False
    found = torch.cat([stays.nonzero().squeeze(1), len(given) + entering[:wanted]])
    return found[torch.randperm(len(found), generator=generator)]


def per_class(labels: Tensor, classes: int, count: int, generator: torch.Generator) -> Tensor:
    """(N,) bool: of labels (N,) in 0..classes-1, `count` examples of each class, drawn at random."""
    order = torch.randperm(len(labels), generator=generator)
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(classes):
        there = order[labels[order] == label]
        if len(there) < count:
            raise UserError(f"labelled_examples: {count} a class, but class {label} has {len(there)} examples")
        chosen[there[:count]] = True
    return chosen


def phases(job: Job) -> list[Phase]:
    """Epochs have the steps of an epoch of all inputs, however few are labelled: budgets do not shrink with labels."""
    steps = len(job.data.streams["unlabelled"]) // job.settings["batch_size"]
    return split(job, job.settings["epoch_steps"] or steps)


class Evidence(supervised.Evidence):
    @cached_property
    def unlabelled_logits(self) -> Tensor | None:
        """(M, K) of the stream's inputs of known classes whose labels were not given; None where all were."""
        data = self.job.data
        inputs = data.streams["unlabelled"][data.hidden["known"] & ~data.hidden["given"]]
        return supervised.logits(self.job, inputs) if len(inputs) else None

    @property
    def unlabelled_labels(self) -> Tensor:
        """(M,) of them, which training did not see."""
        return self.job.data.hidden["labels"]

    @property
    def hidden_labels(self) -> Tensor:
        """(U,) classes of all the stream's inputs without labels, -1 of those of unknown classes."""
        hidden: Tensor = self.job.data.hidden["stream"][~self.job.data.hidden["given"]]
        return hidden

    @cached_property
    def _pseudo_labels(self) -> tuple[Tensor, Tensor] | None:
        found, hidden = pseudo_labels(self.job), ~self.job.data.hidden["given"]
        return None if found is None or not hidden.any() else (found[0][hidden], found[1][hidden])

    @property
    def pseudo_classes(self) -> Tensor | None:
        """(U,) what they are taken for at the end of training; None where nothing is."""
        return self._pseudo_labels and self._pseudo_labels[0]

    @property
    def pseudo_weights(self) -> Tensor | None:
        """(U,) in 0..1, with what weight."""
        return self._pseudo_labels and self._pseudo_labels[1]

    @cached_property
    def beliefs(self) -> dict[str, Tensor]:
        """(U, K) by name: what else the method tells of them."""
        return beliefs(self.job)

    @cached_property
    def view_norms(self) -> Tensor | None:
        """(V, 2) lengths of features of a weak and a strong view of the stream's first inputs; None without such."""
        job = self.job
        if not (job.settings["augmentation"] or {}).get("strong"):
            return None
        inputs, draws = job.data.streams["unlabelled"][:WATCHED], job.draws.generator("view norms")
        method = job.method.eval()
        with torch.no_grad():
            found = [method.features(job.views.view(inputs, kind, draws)[0]).float() for kind in ("full", "strong")]
        return torch.stack([part.norm(dim=1) for part in found], 1)

    @property
    def watched_pseudo_labels(self) -> list[tuple[float, float]] | None:
        """After each epoch (share used, share of it that is right), in percent; None unless the study watches."""
        rows = [(row["used"], row["pseudo_right"]) for row in self.history if "used" in row]
        return rows or None

    @cached_property
    def steps(self) -> list[tuple[int, int]]:
        """Of each phase that trains, how many steps it has and how many inputs pass a network in one of them."""
        job = self.job
        return [
            (span.steps * (span.last - span.first), passed(job, span)) for span in phases(job) if span.last > span.first
        ]

    @property
    def passes(self) -> float | None:
        """Inputs that pass a network for each labelled one, counted; None where nothing is trained."""
        if not self.job.method.trains or not self.steps:
            return None
        taken = sum(steps for steps, _ in self.steps) * self.job.settings["batch_size"]
        return sum(steps * inputs for steps, inputs in self.steps) / taken

    @property
    def images_seen(self) -> int | None:
        """Inputs that pass a network in all steps; None where nothing is trained."""
        return sum(steps * inputs for steps, inputs in self.steps) if self.job.method.trains and self.steps else None


def passed(job: Job, phase: Phase) -> int:
    """How many inputs pass the encoder, or another network of its kind, in one step of a phase."""
    method, data, size = copy.deepcopy(job.method).train(), job.data, job.settings["batch_size"]
    method.phase, method.progress = phase.number, 0.5
    counted: list[int] = []
    for module in method.modules():
        if type(module) is type(method.encoder):
            module.register_forward_hook(lambda _, given, out: counted.append(len(given[0])))
    sizes = method.stream_sizes(size)
    batch = _batch(job, phase.inputs, phase.labels, len(method.views), sizes.pop("train", size))
    for name, count in sizes.items():
        stream = data.streams[name]
        unknown = torch.full((len(stream),), -1, device=stream.device)
        batch.streams[name] = _batch(job, stream, unknown, len(method.streams[name]), count)
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):
        method.step(batch, method.optimizers(lambda module: torch.optim.SGD(module.parameters(), 0.0), phase.number), 0)
    return sum(counted)


def _batch(job: Job, inputs: Tensor, labels: Tensor, views: int, size: int) -> Batch:
    """The first inputs, in plain views."""
    places = torch.arange(size, device=inputs.device) % len(inputs)
    plain = job.views.view(Method.fetch(job.method, inputs, places), "plain")[0]
    return Batch([plain] * views, labels[places], places)
