"""Rounds of labelling: fit the learner to what was bought, look at the test split, ask the method what to buy next."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.methods.acquisition import Acquisition, Pool
from pipeline.ops.learners import Fitted, fit_logistic, fit_network
from pipeline.training import evidence
from pipeline.training.evidence import finite
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole


def prepare(job: Job) -> Job:
    """Hide all labels of the pool. They are bought from `hidden`."""
    labels = job.data.train_labels
    unknown = torch.full_like(labels, -1)
    return job.with_data(
        train_labels=unknown,
        true_labels=unknown,
        labelled_labels=unknown,
        hidden={**job.data.hidden, "labels": labels},
    )


@dataclass(frozen=True)
class Course:
    """What the rounds gave; before the first of R rounds there are the first labels."""

    labels: Tensor
    """(R + 1,) int64: how many were bought by then."""
    predictions: Tensor
    """(R + 1, N) int64 classes of the test rows."""
    order: Tensor
    """(M,) int64: the rows bought in the rounds, in order."""
    margins: Tensor
    """(M,) float64: of each when it was bought, the greatest probability less the second."""
    spacings: Tensor
    """(M,) float64: from each to the nearest row of its round, over the mean distance between rows of the pool."""


class Evidence(evidence.Evidence):
    """Draws are seeded by the study, the seed and the round, alike for all methods."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        assert isinstance(job.method, Acquisition)
        self._method = job.method

    @property
    def predictions(self) -> Tensor:
        """(N,) int64 classes of the test rows after the last round."""
        return self.round_predictions[-1]

    @property
    def round_labels(self) -> Tensor:
        """(R + 1,) int64: labels bought before the first round and after each."""
        return self._course.labels

    @property
    def round_predictions(self) -> Tensor:
        """(R + 1, N) int64 classes of the test rows before the first round and after each."""
        return self._course.predictions

    @property
    def bought_margins(self) -> Tensor:
        """(M,) float64: of each row bought, the greatest probability less the second when it was chosen."""
        return self._course.margins

    @property
    def bought_spacings(self) -> Tensor:
        """(M,) float64: of each row bought, the distance to the nearest one of its round, in the pool's mean one."""
        return self._course.spacings

    @cached_property
    def _course(self) -> Course:
        settings, draws = self.job.settings, self.job.draws
        rows, tested = (torch.cat(list(self.job.views.plain(part))) for part in self._parts)
        hidden = self.job.data.hidden["labels"]
        labelled = first_labels(hidden.cpu(), settings["first_labels"], draws.generator("first labels"))
        labelled = labelled.to(hidden.device)
        counts, seen, bought = [int(labelled.sum())], [], []
        for turn in range(settings["rounds"] + 1):
            learner = self._fitted(rows[labelled], hidden[labelled], turn)
            seen.append(finite(learner.logits(tested), "logits").argmax(1))
            if turn == settings["rounds"]:
                break
            known = torch.where(labelled, hidden, -1)
            asked = self._fitted(rows, hidden, turn) if settings["boundary"] == "all_labels" else learner
            pool = Pool(rows, asked.features(rows), asked.probabilities(rows), labelled, known, asked)
            chosen = self._chosen(pool, settings["bought"], turn)
            bought.append((chosen, pool.margins[chosen], spacings(rows, chosen)))
            labelled = labelled.index_fill(0, chosen, True)
            counts.append(int(labelled.sum()))
        order, margins, apart = (torch.cat(each) for each in zip(*bought, strict=True)) if bought else [hidden[:0]] * 3
        return Course(torch.tensor(counts), torch.stack(seen), order, margins.double(), apart.double())

    @property
    def _parts(self) -> tuple[Tensor, Tensor]:
        return self.job.data.train_inputs, self.job.data.test_inputs

    def _fitted(self, rows: Tensor, labels: Tensor, turn: int) -> Fitted:
        settings, classes = self.job.settings, len(self.job.data.class_names)
        if settings["learner"] == "logistic":
            return fit_logistic(rows, labels, classes, settings["penalty"])
        return fit_network(rows, labels, classes, self.job.draws.generator("learner", turn), **settings["network"])

    def _chosen(self, pool: Pool, count: int, turn: int) -> Tensor:
        """(count,) int64 rows that the method buys; UserError where it does not keep to what can be bought."""
        chosen = self._method.choose(pool, count, self.job.draws.generator("choice", turn)).to(pool.labels.device)
        if len(chosen) != count or len(chosen.unique()) != count or pool.labelled[chosen].any():
            raise UserError(f"{type(self._method).__name__}: must choose {count} different rows that have no label yet")
        return chosen

    def facts(self) -> dict[str, Any]:
        return {"labels": int(self.round_labels[-1])}

    def arrays(self) -> dict[str, Tensor]:
        course = {"round_labels": self.round_labels, "round_predictions": self.round_predictions.short()}
        return {**super().arrays(), "predictions": self.predictions, "bought": self._course.order, **course}


def first_labels(labels: Tensor, count: int | None, generator: torch.Generator) -> Tensor:
    """(N,) bool: of labels (N,), `count` rows of each class drawn at random, or all for None."""
    chosen = torch.ones(len(labels), dtype=torch.bool)
    if count is None:
        return chosen
    order = torch.randperm(len(labels), generator=generator)
    for label in labels.unique().tolist():
        there = order[labels[order] == label]
        if len(there) < count:
            raise UserError(f"first_labels: {count} a class, but class {label} has {len(there)} rows")
        chosen[there[count:]] = False
    return chosen


def spacings(rows: Tensor, chosen: Tensor) -> Tensor:
    """(M,) float64 distances from each of the rows chosen (M,) to the nearest other one, in units of the root of the

    mean squared distance between two of all rows (N, D); 1 where only one is chosen.
    """
    rows = rows.double()
    unit = (2 * rows.var(0, correction=0).sum()).sqrt()
    apart = torch.cdist(rows[chosen], rows[chosen]) / unit
    apart.fill_diagonal_(1.0 if len(chosen) == 1 else float("inf"))
    return apart.amin(1)
