"""Few labels: the training set is its labelled part, and the stream "unlabelled" all of it, without labels."""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.errors import UserError
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
    return job.with_data(
        train_inputs=inputs,
        train_labels=labels,
        true_labels=data.true_labels[given],
        labelled_inputs=inputs,
        labelled_labels=labels,
        streams={**data.streams, "unlabelled": data.train_inputs},
        hidden={**data.hidden, "given": given, "labels": data.true_labels[~given]},
    )


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
        """(M, K) of the training inputs whose labels were not given; None where all were."""
        data = self.job.data
        inputs = data.streams["unlabelled"][~data.hidden["given"]]
        return supervised.logits(self.job, inputs) if len(inputs) else None

    @property
    def unlabelled_labels(self) -> Tensor:
        """(M,) of them, which training did not see."""
        return self.job.data.hidden["labels"]
