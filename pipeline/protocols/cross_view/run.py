"""Pairs of views to train on; tested is whether an image of one view finds its place among images of the other.

A place is a class. Classes are split as in metric learning.
"""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.modalities.sharing import taken
from pipeline.ops import retrieval
from pipeline.ops.class_batches import occurrences
from pipeline.protocols.cross_view import DOMAINS
from pipeline.protocols.metric_learning.run import apart, of_classes, similarity
from pipeline.training import evidence
from pipeline.training.evidence import answers
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole
DEEPEST = 5
"""So many of the most similar references are kept."""
QUERY, REFERENCE, NEITHER = 0, 1, 2


def prepare(job: Job) -> Job:
    """Of the training classes' images, pairs: image 2 i is a query, and image 2 i + 1 a reference of the same class.

    Which query has which reference is drawn once for the data set; a class has as many pairs as images of the view it
    has fewer of. Labels are in the data set's order of classes, so that near ones are near each other's places.

    Tested are the test split's images of the tested classes; in a search, which may not look at these, all images of
    the validation classes that are not in the test split.
    """
    data = job.data
    searched = job.settings["evaluate_on"] == "validation"
    trained, validation, tested = apart(job)
    trained, asked = trained.sort().values, validation if searched else tested
    of_training, of_test = views(job)
    inputs, labels = of_classes(trained, data.train_inputs, data.true_labels)
    pairs = paired(of_classes(trained, of_training, data.true_labels)[0], labels).flatten()
    parts = [(data.test_inputs, of_test, data.test_labels)]
    if searched:
        parts.append((data.train_inputs, of_training, data.true_labels))
    found = [_by_view(asked, *part) for part in parts]
    unseen, sides, places = (torch.cat(each) for each in zip(*found, strict=True))
    seen, seen_sides, seen_places = _by_view(trained[: len(asked)], data.test_inputs, of_test, data.test_labels)
    return job.with_data(
        train_inputs=inputs[pairs],
        train_labels=labels[pairs],
        true_labels=labels[pairs],
        valid_inputs=inputs[:0],
        valid_labels=labels[:0],
        test_inputs=unseen,
        test_labels=places,
        held_out_inputs=inputs[:0],
        labelled_inputs=inputs[pairs],
        labelled_labels=labels[pairs],
        spare_inputs=data.spare_inputs[:0],
        class_names=tuple(data.class_names[c] for c in trained.tolist()),
        hidden={
            **data.hidden,
            "classes": asked,
            "views": sides,
            "seen_inputs": seen,
            "seen_views": seen_sides,
            "seen_labels": seen_places,
        },
    )


def views(job: Job) -> tuple[Tensor, Tensor]:
    """Of each training image and of each tested one, whether it is a QUERY, a REFERENCE or NEITHER."""
    settings, data = job.settings, job.data
    prepared = job.load(settings["dataset"])
    further = getattr(prepared, "further", {})
    if f"train_{DOMAINS}" not in further:
        return occurrences(data.true_labels) % 2, occurrences(data.test_labels) % 2
    count = settings["train_examples"] or len(prepared.train_inputs)
    beside = settings["validation_examples"]
    training, validation, _ = taken(prepared, "train", count - beside, beside)
    parts = [(training, "train"), (validation, "train")]
    if settings["evaluate_on"] == "test":
        parts[1] = taken(prepared, "test", settings["test_examples"] or len(prepared.test_inputs))[0], "test"
    held_out = torch.tensor(settings["held_out_classes"], dtype=torch.int64)
    found = []
    for places, split in parts:
        labels = prepared.train_labels if split == "train" else prepared.test_labels
        domains = further[f"{split}_{DOMAINS}"][places[~torch.isin(labels[places], held_out)]]
        sides = torch.full(domains.shape, NEITHER)
        sides[domains == settings["queries"]] = QUERY
        sides[domains == settings["references"]] = REFERENCE
        found.append(sides.to(data.train_inputs.device))
    return found[0], found[1]


def paired(sides: Tensor, labels: Tensor) -> Tensor:
    """(P, 2) places of a query and a reference of one class, each in one pair at most, in order of classes."""
    found = []
    for side in (QUERY, REFERENCE):
        places = (sides == side).nonzero().squeeze(1)
        found.append((places, labels[places] * len(labels) + occurrences(labels[places])))
    kept = []
    for (places, keys), (_, others) in zip(found, found[::-1], strict=True):
        both = torch.isin(keys, others)
        kept.append(places[both][keys[both].argsort()])
    return torch.stack(kept, 1)


def _by_view(classes: Tensor, inputs: Tensor, sides: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Images of the classes that are of either view, their views, and their labels by place among these."""
    kept, numbers = of_classes(classes, inputs, labels)
    views = of_classes(classes, sides, labels)[0]
    return kept[views != NEITHER], views[views != NEITHER], numbers[views != NEITHER]


class Evidence(evidence.Evidence):
    @cached_property
    def features(self) -> Tensor:
        """(N, F) embeddings of the tested images, of either view."""
        return answers(self.job, self.job.data.test_inputs, self.job.method.features, "embeddings")

    @cached_property
    def further_features(self) -> dict[str, Tensor]:
        """Of no other representations."""
        return {}

    @cached_property
    def similarities(self) -> Tensor:
        """(N, N) of the tested images with those of the other view, float32; -inf with their own view."""
        sides = self.job.data.hidden["views"]
        found = similarity(self.job)(self.features, self.features)
        return found.masked_fill(sides[:, None] == sides, -torch.inf)

    @cached_property
    def cross_hits(self) -> Tensor:
        """(Q, 5) bool: whether the i-th most similar reference to each query is of its class."""
        queries = self.job.data.hidden["views"] == QUERY
        nearest = self.similarities[queries].topk(min(DEEPEST, int((~queries).sum())), dim=1).indices
        return self.labels[nearest] == self.labels[queries, None]

    @cached_property
    def cross_seen_hits(self) -> Tensor | None:
        """(M, 5) as `cross_hits`, of test images of as many trained classes as are tested; None without any."""
        hidden = self.job.data.hidden
        sides, labels = hidden["seen_views"], hidden["seen_labels"]
        if not (sides == QUERY).any() or not (sides == REFERENCE).any():
            return None
        found = answers(self.job, hidden["seen_inputs"], self.job.method.features, "embeddings")
        queries, references = sides == QUERY, sides == REFERENCE
        alike = similarity(self.job)(found[queries], found[references])
        nearest = alike.topk(min(DEEPEST, alike.shape[1]), dim=1).indices
        return labels[references][nearest] == labels[queries, None]

    def facts(self) -> dict[str, list[int]]:
        return {"class_counts": list(self.job.data.class_counts)}

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), **retrieval.rows(self.similarities, self.labels, self.job.data.test_inputs)}
