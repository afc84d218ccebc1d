"""Classes apart: what trains has images and labels of some classes, and is judged by images of others.

Every tested image is a query, and all others are what it is looked up in. Similarity is the cosine of embeddings,
unless the method defines another.
"""

from collections.abc import Callable, Mapping
from functools import cached_property

import torch
from torch import Tensor

from pipeline.methods.embedding import Embedding, Grouped
from pipeline.modalities.sharing import noisy, taken
from pipeline.ops import rejection, retrieval
from pipeline.ops.heads import CosineLinear
from pipeline.protocols.metric_learning import COARSE, Split
from pipeline.seeds import generator
from pipeline.training import evidence
from pipeline.training.evidence import answers
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole


def prepare(job: Job) -> Job:
    """Number the classes that are trained on anew, and hide everything of the others.

    Tested are the test split's images of the tested classes; in a search, which may not look at these, all images of
    the validation classes that are not in the test split.
    """
    data, settings = job.data, job.settings
    searched = settings["evaluate_on"] == "validation"
    trained, validation, tested = apart(job)
    asked = validation if searched else tested
    known = torch.cat([trained, asked]) if settings["tested_too"] else trained
    inputs, true = of_classes(known, data.train_inputs, data.true_labels)
    given = true
    if noise := settings["label_noise"]:  # drawn among all classes before, now among those that there are
        draws = job.draws.generator("label noise")
        given = noisy(true.cpu(), len(known), noise["rate"], [], draws).to(true.device)
    draws = job.draws.generator("classes split in two")
    given, twins = split_in_two(given, len(known), settings["split_classes"], draws)
    unseen, labels = of_classes(asked, data.test_inputs, data.test_labels)
    if searched and not settings["tested_too"]:
        beside = of_classes(asked, data.train_inputs, data.true_labels)
        unseen, labels = torch.cat([beside[0], unseen]), torch.cat([beside[1], labels])
    seen, seen_labels = of_classes(trained[: len(asked)], data.test_inputs, data.test_labels)
    return job.with_data(
        train_inputs=inputs,
        train_labels=given,
        true_labels=true,
        valid_inputs=inputs[:0],
        valid_labels=given[:0],
        test_inputs=unseen,
        test_labels=labels,
        held_out_inputs=inputs[:0],
        labelled_inputs=inputs,
        labelled_labels=given,
        spare_inputs=data.spare_inputs[:0],
        class_names=tuple(data.class_names[c] for c in [*known.tolist(), *known[twins[:, 0]].tolist()]),
        hidden={**data.hidden, "classes": asked, "twins": twins, "seen_inputs": seen, "seen_labels": seen_labels},
    )


def apart(job: Job) -> tuple[Tensor, Tensor, Tensor]:
    """Classes (k,) for training, validation and test, by their places in the job's `class_names`."""
    split, names = Split.model_validate(job.settings["classes"]), job.data.class_names
    groups = torch.arange(len(names))
    if split.together and COARSE in _further(job):
        groups = _further(job)[COARSE][_kept(job)].unique(return_inverse=True)[1]
    return class_split(split.counts(len(names)), groups, generator("class split", *names))


def class_split(counts: tuple[int, int, int], groups: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Classes (k,) for training, validation and test, so many of each as `counts` say, in the order of the draw.

    groups: (K,) the group of each class. Those of a group stay together, so that validation and test may have some more
    than was asked for, and training may have fewer.
    """
    train, validation, test = counts
    drawn = torch.randperm(int(groups.max()) + 1, generator=draws)
    order = drawn[groups].argsort(stable=True)
    sizes = torch.bincount(drawn[groups])
    starts = (sizes.cumsum(0) - sizes)[drawn[groups][order]]
    tested = starts < test
    validated = ~tested & (starts < int(tested.sum()) + validation)
    return order[~(tested | validated)][:train], order[validated], order[tested]


def split_in_two(labels: Tensor, classes: int, share: float, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Labels (N,) where each of a share of the classes has a further label for a random half of its examples.

    And the pairs of labels (S, 2) of these classes, the old and the new one, which come behind the others.
    """
    old = torch.randperm(classes, generator=draws)[: round(share * classes)]
    twins = torch.stack([old, classes + torch.arange(len(old))], 1)
    order, found = torch.rand(len(labels), generator=draws), labels.cpu().clone()
    for first, second in twins.tolist():
        places = (labels.cpu() == first).nonzero().squeeze(1)
        found[places[order[places].argsort()[: len(places) // 2]]] = second
    return found.to(labels.device), twins


def of_classes(classes: Tensor, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs of the classes, and their labels by place among these."""
    renumber = torch.full((int(torch.cat([classes, labels.cpu()]).max()) + 1,), -1)
    renumber[classes] = torch.arange(len(classes))
    labels = renumber.to(labels.device)[labels]
    return inputs[labels >= 0], labels[labels >= 0]


def _kept(job: Job) -> Tensor:
    """(K,) the data set's numbers of the classes that are not held out."""
    classes = range(len(job.load(job.settings["dataset"]).classes))
    return torch.tensor([c for c in classes if c not in job.settings["held_out_classes"]])


def _further(job: Job) -> Mapping[str, Tensor]:
    """What the data set has beside inputs and labels, by name."""
    found: Mapping[str, Tensor] = getattr(job.load(job.settings["dataset"]), "further", {})
    return found


def similarity(job: Job) -> Callable[[Tensor, Tensor], Tensor]:
    """What makes of embeddings (n, F) and (m, F) how alike they are, (n, m)."""
    return job.method.similarity if isinstance(job.method, Embedding) else retrieval.cosines


class Evidence(evidence.Evidence):
    @cached_property
    def features(self) -> Tensor:
        """(N, F) embeddings of the tested images."""
        return answers(self.job, self.job.data.test_inputs, self.job.method.features, "embeddings")

    @cached_property
    def train_features(self) -> Tensor:
        """(M, F) of the training images."""
        return answers(self.job, self.job.data.train_inputs, self.job.method.features, "embeddings")

    @cached_property
    def further_features(self) -> dict[str, Tensor]:
        """Of no other representations."""
        return {}

    @cached_property
    def similarities(self) -> Tensor:
        """(N, N) of the tested images with each other, float32; -inf with themselves."""
        return retrieval.among(self.features, similarity(self.job))

    @cached_property
    def hits(self) -> Tensor:
        """(N, R) bool: whether the i-th most similar image to each is of its class; the largest has R + 1 images."""
        return retrieval.hits(self.similarities, self.labels)

    @cached_property
    def relevant(self) -> Tensor:
        """(N,) how many others are of the class of each."""
        return retrieval.relevant(self.labels)

    @cached_property
    def seen_hits(self) -> Tensor | None:
        """(M, R) as `hits`, of test images of as many trained classes as are tested; None where there are none."""
        hidden = self.job.data.hidden
        if not len(hidden["seen_labels"]):
            return None
        found = answers(self.job, hidden["seen_inputs"], self.job.method.features, "embeddings")
        return retrieval.hits(retrieval.among(found, similarity(self.job)), hidden["seen_labels"])

    @cached_property
    def seen_relevant(self) -> Tensor | None:
        """(M,) of them."""
        labels = self.job.data.hidden["seen_labels"]
        return retrieval.relevant(labels) if len(labels) else None

    @cached_property
    def pair_similarities(self) -> tuple[Tensor, Tensor]:
        """(P,) of all pairs of tested images of one class, and (Q,) of those of two classes, each ascending."""
        return retrieval.pairs(self.similarities, self.labels)

    @cached_property
    def degradations(self) -> Tensor | None:
        """(N,) how far each tested image is from its best, 0 for not at all; None where that is not recorded."""
        job = self.job
        levels = _further(job).get("test_levels")
        if levels is None or job.settings["evaluate_on"] == "validation":
            return None
        prepared = job.load(job.settings["dataset"])
        places, *_ = taken(prepared, "test", job.settings["test_examples"] or len(prepared.test_inputs))
        tested = torch.isin(prepared.test_labels[places], _kept(job)[job.data.hidden["classes"]])
        return levels[places[tested]].to(self.labels.device)

    @cached_property
    def qualities(self) -> Tensor | None:
        """(N,) what the method predicts of each tested image's quality; None where it does not."""
        method = self.job.method
        return method.qualities(self.features) if isinstance(method, Grouped) else None

    @cached_property
    def rejections(self) -> dict[str, Tensor]:
        """(S,) errors as the images of least quality are rejected: "" by the method's word, where it has one, "norm" by
        the lengths of embeddings and "random" by chance; empty where there are too few pairs."""
        same, different = self.pair_similarities
        if not len(same) or len(different) < 1e3:
            return {}
        scores = {"norm": self.features.norm(dim=1)} | ({} if self.qualities is None else {"": self.qualities})
        threshold = retrieval.accepted(different, 1e-3)
        found = {name: rejection.errors(self.similarities, self.labels, threshold, of) for name, of in scores.items()}
        return found | {"random": found["norm"][:1].expand(rejection.STEPS)}

    @cached_property
    def split_directions(self) -> tuple[Tensor, Tensor] | None:
        """(S, F) what was learned as the direction of each of the two labels of a split class; None without any."""
        twins, head = self.job.data.hidden["twins"], getattr(self.job.method, "head", None)
        if not len(twins) or not isinstance(head, CosineLinear):
            return None
        first, second = twins.unbind(1)
        return head.weight[first], head.weight[second]

    @property
    def _shown(self) -> dict[str, Tensor]:
        shown = retrieval.rows(self.similarities, self.labels, self.job.data.test_inputs)
        same, different = self.pair_similarities
        told = {} if self.qualities is None else self.rejections
        rejected = {f"rejected_{name or 'own'}": errors for name, errors in told.items()}
        return {**shown, **retrieval.rates(same, different), **rejected}

    def facts(self) -> dict[str, list[int]]:
        return {"class_counts": list(self.job.data.class_counts)}

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), **self._shown}
