"""Images of seen classes train; images of seen and of unseen classes are tested, by one score for every class.

Labels are 0..S-1 of the seen classes and S..S+U-1 of the unseen ones. Methods find the attributes (S, A) and (U, A) in
the same order as `context.streams`, and nothing else of unseen classes. Scores are compared as they are: nothing is
subtracted from those of seen classes (calibrated stacking); what that would give is the curve behind `ausuc`.
"""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.methods.classifier import Classifier
from pipeline.methods.zero_shot import ZeroShot
from pipeline.ops.principal import plane
from pipeline.protocols.metric_learning.run import of_classes
from pipeline.protocols.zero_shot import ATTRIBUTES, Split
from pipeline.seeds import generator
from pipeline.training import evidence
from pipeline.training.evidence import answers
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole
MADE = 40
"""So many examples of each unseen class are made for evaluation."""
SHOWN = 8
"""Unseen classes in the plane."""


def prepare(job: Job) -> Job:
    """Number the seen classes anew, then the unseen ones, and hide all images of the latter but `shots` of each.

    In a search validation classes take the place of the unseen ones. Tested then are their images that are not in the
    test split, and the validation examples of seen classes.
    """
    data, settings = job.data, job.settings
    split, searched = Split.model_validate(settings["classes"]), settings["evaluate_on"] == "validation"
    attributes: Tensor = job.load(settings["dataset"]).further[ATTRIBUTES]  # type: ignore[attr-defined]
    seen, validation, unseen = class_split(attributes, split, generator("zero-shot split", settings["dataset"]))
    asked = validation if searched else unseen
    known = torch.cat([seen, asked])
    inputs, labels = of_classes(known, data.train_inputs, data.true_labels)
    trained = _ranks(labels, job.draws.generator("shots")) < settings["shots"]
    trained |= labels < len(seen)
    tested, tested_labels = of_classes(known, data.test_inputs, data.test_labels)
    if searched:
        tested = torch.cat([tested, inputs[~trained]])
        tested_labels = torch.cat([tested_labels, labels[~trained]])
    inputs, labels = inputs[trained], labels[trained]
    used = (attributes[seen] > 0).any(0)
    device = labels.device
    return job.with_data(
        train_inputs=inputs,
        train_labels=labels,
        true_labels=labels,
        valid_inputs=inputs[:0],
        valid_labels=labels[:0],
        test_inputs=tested,
        test_labels=tested_labels,
        held_out_inputs=inputs[:0],
        labelled_inputs=inputs,
        labelled_labels=labels,
        spare_inputs=data.spare_inputs[:0],
        class_names=tuple(data.class_names[c] for c in known.tolist()),
        streams={
            **data.streams,
            "seen_attributes": attributes[seen][:, used].float().to(device),
            "unseen_attributes": attributes[asked][:, used].float().to(device),
        },
    )


def class_split(attributes: Tensor, split: Split, draws: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Classes (S,), (V,) and (U,), seen, for validation and unseen, of attributes (K, A), zeros and ones.

    First those are left out that have an attribute which fewer than `least` of the others have. The rest are gone
    through in a drawn order: a class is unseen, or else for validation, if as many classes as `support` asks for keep
    each of its attributes. Of those that are left the first are seen, and must have it all.
    """
    owned = attributes.long()
    kept = torch.ones(len(owned), dtype=torch.bool)
    while (rare := owned[kept].sum(0) < split.least).any() and (found := owned[:, rare].any(1) & kept).any():
        kept &= ~found
    places = kept.nonzero().squeeze(1)
    order: list[int] = places[torch.randperm(len(places), generator=draws)].tolist()
    left, parts = owned[order].sum(0), []
    for count in (split.unseen, split.validation):
        part: list[int] = []
        for label in order:
            if len(part) < count and (left - owned[label] >= split.support)[owned[label] > 0].all():
                part.append(label)
                left = left - owned[label]
        order = [label for label in order if label not in part]
        parts.append(torch.tensor(part, dtype=torch.long))
    seen, (unseen, validation) = torch.tensor(order[: split.seen], dtype=torch.long), parts
    short = owned[seen].sum(0) < split.support
    if len(seen) < split.seen or len(unseen) < split.unseen or len(validation) < split.validation:
        raise UserError(
            f"classes: {split.seen} seen, {split.validation} for validation and {split.unseen} unseen ones cannot be "
            f"had of {int(kept.sum())} classes with attributes that at least {split.least} of them share; take fewer, "
            "or lower 'least' or 'support'"
        )
    if (owned[torch.cat([unseen, validation])].any(0) & short).any():
        raise UserError(
            f"classes: seen = {split.seen}: fewer than {split.support} of them have some attribute of an unseen class; "
            "raise it or 'least', or lower 'support'"
        )
    return seen, validation, unseen


def _ranks(labels: Tensor, draws: torch.Generator) -> Tensor:
    """(N,) the place of each of labels (N,) among those like it, in an order that is drawn."""
    ranks = torch.empty_like(labels)
    order = torch.randperm(len(labels), generator=draws).to(labels.device)
    for label in labels.unique():
        there = order[labels[order] == label]
        ranks[there] = torch.arange(len(there), device=labels.device)
    return ranks


class Evidence(evidence.Evidence):
    @property
    def seen_count(self) -> int:
        """How many classes are seen, S."""
        return len(self.job.data.streams["seen_attributes"])

    @property
    def of_seen(self) -> Tensor:
        """(N,) bool: which of the tested images are of seen classes."""
        return self.labels < self.seen_count

    @cached_property
    def features(self) -> Tensor:
        """(N, F) of the tested images."""
        return answers(self.job, self.job.data.test_inputs, self.job.method.features, "features")

    @cached_property
    def class_scores(self) -> Tensor:
        """(N, S + U) how well each class fits each tested image."""
        method = self.job.method
        assert isinstance(method, Classifier | ZeroShot)
        return method.logits(self.features).float()

    @cached_property
    def lead(self) -> Tensor:
        """(N,) by how much the best seen class is above the best unseen one."""
        seen, unseen = self._sides
        return seen.amax(1) - unseen.amax(1)

    @cached_property
    def right_within(self) -> Tensor:
        """(N,) bool: whether the right class is the best of its own kind, seen or unseen."""
        seen, unseen = self._sides
        return torch.where(self.of_seen, seen.argmax(1), self.seen_count + unseen.argmax(1)) == self.labels

    @property
    def _sides(self) -> tuple[Tensor, Tensor]:
        return self.class_scores[:, : self.seen_count], self.class_scores[:, self.seen_count :]

    @cached_property
    def doubts(self) -> Tensor | None:
        """(N,) how unsure the method says it is; None where it says nothing."""
        method = self.job.method
        return method.doubts(self.features) if isinstance(method, ZeroShot) else None

    @cached_property
    def made(self) -> tuple[Tensor, Tensor] | None:
        """(M, D) made examples of unseen classes and (M,) their labels; None where nothing is made."""
        method = self.job.method
        if not isinstance(method, ZeroShot):
            return None
        labels = torch.arange(self.seen_count, self.class_scores.shape[1]).repeat(MADE).to(self.labels.device)
        found = method.make(labels, self.job.draws.generator("made"))
        return None if found is None else (found, labels)

    @cached_property
    def unseen_representations(self) -> tuple[Tensor, Tensor] | None:
        """(N_U, D) of tested images of unseen classes, in the space of `made`, and (N_U,) their labels."""
        method = self.job.method
        if not isinstance(method, ZeroShot):
            return None
        return method.represent(self.features[~self.of_seen]), self.labels[~self.of_seen]

    def facts(self) -> dict[str, list[int]]:
        return {"class_counts": list(self.job.data.class_counts)}

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), **self._plane()}

    def _plane(self) -> dict[str, Tensor]:
        """Real and made examples of the first unseen classes in one plane, where any are made."""
        if self.made is None or self.unseen_representations is None:
            return {}
        first = self.seen_count + SHOWN
        (made, made_labels), (real, real_labels) = (
            (rows[labels < first], labels[labels < first]) for rows, labels in (self.made, self.unseen_representations)
        )
        points = plane(torch.cat([real, made]))
        labels = torch.cat([real_labels, made_labels]) - self.seen_count
        return {"made_plane": points, "made_labels": labels, "made_from": torch.arange(len(points)) >= len(real)}
