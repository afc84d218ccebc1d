"""Few labels: the training set is its labelled part, and the stream "unlabelled" all of it, without labels."""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.modalities.sharing import taken
from pipeline.protocols.supervised import run as supervised
from pipeline.training.job import Job
from pipeline.training.loop import Phase, split

watch = supervised.watch


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
        hidden={**data.hidden, "given": labelled, "known": known, "labels": true[known & ~labelled]},
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
    return split(job, len(job.data.streams["unlabelled"]) // job.settings["batch_size"])


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
