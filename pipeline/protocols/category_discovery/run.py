"""Old and new classes: the training set is what has labels, the stream "unlabelled" all other training inputs.

The field's code samples labelled and unlabelled inputs equally often into one batch. So here a batch has as many of the
training set as of the stream, unless a method says otherwise.
"""

import dataclasses
from functools import cached_property

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.methods.discovery import Discoverer
from pipeline.ops.clusterings import matched
from pipeline.ops.principal import plane
from pipeline.training import evidence
from pipeline.training.evidence import answers, outputs
from pipeline.training.job import Job
from pipeline.training.loop import Phase, split


def prepare(job: Job) -> Job:
    """Give labels 0..K_old-1 to a share of the old classes' inputs, and hide all others.

    Methods see K_old class names and beyond them numbered places, as many as they are told there are new classes. The
    stream is in random order, since a data set's own order has all classes in proportion.
    """
    data, settings, total = job.data, job.settings, len(job.data.class_names)
    old, sessions = sorted(settings["old_classes"]), settings["sessions"]
    arriving = [c for session in sessions for c in session] or [c for c in range(total) if c not in old]
    renumber = torch.empty(total, dtype=torch.long, device=data.train_labels.device)
    renumber[[*old, *arriving]] = torch.arange(total, device=renumber.device)
    labels = renumber[data.true_labels]
    given = share_of_each(labels.cpu(), len(old), settings["labelled_share"], job.draws.generator("labelled"))
    rest = (~given).nonzero().squeeze(1)
    rest = rest[torch.randperm(len(rest), generator=job.draws.generator("unlabelled"))].to(labels.device)
    given = given.to(labels.device)
    inputs, unlabelled = data.train_inputs[given], data.train_inputs[rest]
    new = max(0, round(settings["class_factor"] * total) - len(old))
    return job.with_data(
        train_inputs=inputs,
        train_labels=labels[given],
        true_labels=labels[given],
        valid_labels=renumber[data.valid_labels],
        test_labels=renumber[data.test_labels],
        labelled_inputs=inputs,
        labelled_labels=labels[given],
        class_names=(*(data.class_names[c] for c in old), *(f"new {place + 1}" for place in range(new))),
        # in sessions they come one after the other, see `phases`
        streams=data.streams if sessions else {**data.streams, "unlabelled": unlabelled},
        hidden={
            **data.hidden,
            "inputs": unlabelled,
            "labels": labels[rest],
            "classes": torch.tensor([len(old), total]),
            "sessions": in_sessions(labels[rest], [len(old), *map(len, sessions)], settings["returning"]),
        },
    )


def in_sessions(labels: Tensor, sizes: list[int], returning: float) -> Tensor:
    """(M,) the session 1, 2, ... of each unlabelled input with label in labels (M,), 0 for none.

    sizes: how many classes are old, and how many new ones each session has, numbered in this order. Of a class that was
    there before, a session has the share `returning`; of its own classes all that does not come later.
    """
    found, total = torch.zeros_like(labels), len(sizes) - 1
    first = [session for session, size in enumerate(sizes) for _ in range(size)]
    for label, start in enumerate(first):
        there, again = (labels == label).nonzero().squeeze(1), range(start + 1, total + 1)
        each = int(returning * len(there))
        for place, session in enumerate(again):
            found[there[place * each : (place + 1) * each]] = session
        found[there[len(again) * each :]] = start
    return found


def share_of_each(labels: Tensor, classes: int, share: float, generator: torch.Generator) -> Tensor:
    """(N,) bool: of labels (N,), this share of each of the classes 0..classes-1, one or more, drawn at random."""
    order = torch.randperm(len(labels), generator=generator)
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(classes):
        there = order[labels[order] == label]
        chosen[there[: max(1, round(share * len(there)))]] = True
    return chosen


def phases(job: Job) -> list[Phase]:
    """An epoch goes through the unlabelled inputs once.

    With sessions, a method's phases are in equal number on the labelled inputs, which come first and never again, and
    on each session's, which have no labels; an epoch goes through its phase's inputs once.
    """
    sessions, hidden, size = job.settings["sessions"], job.data.hidden, job.settings["batch_size"]
    if not sessions:
        return split(job, max(1, len(hidden["inputs"]) // size))
    found = split(job, max(1, len(job.data.train_inputs) // size))
    each, over = divmod(len(found), 1 + len(sessions))
    if over:
        raise UserError(f"sessions: {len(sessions)}, and the method has {len(found)} phases, for labels and for each")
    parts = [hidden["inputs"][hidden["sessions"] == max(0, phase.number // each)] for phase in found]
    return [
        phase
        if phase.number < each
        else dataclasses.replace(
            phase,
            steps=max(1, len(inputs) // size),
            inputs=inputs,
            labels=inputs.new_full((len(inputs),), -1, dtype=torch.long),
        )
        for phase, inputs in zip(found, parts, strict=True)
    ]


@torch.no_grad()
def watch(job: Job) -> dict[str, float]:
    """Accuracy on the test split, `test_all`, and on its old classes, clusters matched to these alone, `test_old`."""
    job.method.eval()
    labels, found = job.data.test_labels, clusters(job, job.data.test_inputs)
    old = labels < int(job.data.hidden["classes"][0])
    return {"test_all": _accuracy(found, labels), "test_old": _accuracy(found[old], labels[old])}


def _accuracy(found: Tensor, labels: Tensor) -> float:
    return 100 * float((matched(found, labels) == labels).double().mean())


class Evidence(evidence.Evidence):
    """Clusters of the unlabelled training inputs and of the test split, each matched to classes as a whole.

    In a search, which may not look at what the study is judged by, the validation examples take the place of both.
    """

    @property
    def old_classes(self) -> int:
        """How many of the classes are old; these are the first."""
        return int(self.job.data.hidden["classes"][0])

    @property
    def true_classes(self) -> int:
        """How many classes there are, old and new."""
        return int(self.job.data.hidden["classes"][1])

    @cached_property
    def clusters(self) -> Tensor:
        """(N,) int64 of the test split."""
        return clusters(self.job, self.job.data.test_inputs)

    @cached_property
    def predictions(self) -> Tensor:
        """(N,) int64: the class to which each test input's cluster is matched; -1 without one."""
        return matched(self.clusters, self.labels)

    @property
    def unlabelled_inputs(self) -> Tensor:
        data = self.job.data
        searched = self.job.settings["evaluate_on"] == "validation"
        return data.test_inputs if searched else data.hidden["inputs"]

    @property
    def unlabelled_labels(self) -> Tensor:
        """(M,) which training did not see."""
        searched = self.job.settings["evaluate_on"] == "validation"
        return self.labels if searched else self.job.data.hidden["labels"]

    @cached_property
    def unlabelled_clusters(self) -> Tensor:
        """(M,) int64."""
        return clusters(self.job, self.unlabelled_inputs)

    @cached_property
    def unlabelled_predictions(self) -> Tensor:
        """(M,) int64: the class to which each one's cluster is matched; -1 without one."""
        return matched(self.unlabelled_clusters, self.unlabelled_labels)

    @property
    def assumed_shares(self) -> Tensor:
        """(K',) how large the method takes the classes to be, of as many as it was told."""
        method = discoverer(self.job)
        found = method.class_shares()
        return torch.full((method.classes,), 1 / method.classes) if found is None else found

    @property
    def true_shares(self) -> Tensor:
        """(K,) of the training inputs, labelled or not."""
        data = self.job.data
        labels = torch.cat([data.train_labels, data.hidden["labels"]])
        return torch.bincount(labels, minlength=self.true_classes) / len(labels)

    @property
    def found_clusters(self) -> int:
        """How many clusters the method takes there to be, or else of how many it makes use."""
        found = discoverer(self.job).found_clusters()
        return len(self.unlabelled_clusters.unique()) if found is None else found

    @property
    def before_sessions(self) -> float | None:
        """Accuracy on test inputs of old classes at the end of the labelled phase; None where it was not watched."""
        of_sessions = [phase for phase in phases(self.job) if phase.inputs is not self.job.data.train_inputs]
        rows = self.history[: of_sessions[0].first] if of_sessions else []
        return rows[-1].get("test_old") if rows else None

    @property
    def prototypes(self) -> Tensor | None:
        """(K, F) what stands for each cluster among features; None where nothing does."""
        return discoverer(self.job).prototypes()

    @cached_property
    def unlabelled_features(self) -> Tensor:
        """(M, F) of the unlabelled inputs."""
        return answers(self.job, self.unlabelled_inputs, self.job.method.features, "features")

    def arrays(self) -> dict[str, Tensor]:
        return {
            **super().arrays(),
            "predictions": self.predictions,
            "unlabelled_labels": self.unlabelled_labels,
            "unlabelled_clusters": self.unlabelled_clusters,
            "unlabelled_predictions": self.unlabelled_predictions,
            "plane": plane(self.unlabelled_features),
        }

    def facts(self) -> dict[str, list[int]]:
        return {"class_counts": list(self.job.data.class_counts)}


def clusters(job: Job, inputs: Tensor) -> Tensor:
    """(N,) int64 clusters of raw inputs."""
    return outputs(job, inputs, discoverer(job).cluster_of).long()


def discoverer(job: Job) -> Discoverer:
    assert isinstance(job.method, Discoverer)
    return job.method
