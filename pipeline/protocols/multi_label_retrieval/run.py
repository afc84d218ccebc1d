"""Queries made of images of several classes, and for each class the image that it is looked up by.

A query is a 2x2 grid of images of one to four labels; every label of it is in one cell or more, and none is empty.
Labels are float (N, L) zeros and ones, the most frequent label first. What is known of a label beside the queries that
show it is one image, its document, as `context.streams["label_images"]` (L, C, H, W).
"""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.methods.label_retrieval import InBatch, Retriever
from pipeline.ops import ranked_labels
from pipeline.protocols.multi_label_retrieval import CELLS, DOCUMENTS, TOPICS
from pipeline.seeds import generator
from pipeline.training import evidence
from pipeline.training.evidence import answers
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole


def prepare(job: Job) -> Job:
    """Put queries in place of the images. Those for training are of the training split's images, those that are tested
    of the test split's; in a search, of the validation examples."""
    data, settings = job.data, job.settings
    further = job.load(settings["dataset"]).further  # type: ignore[attr-defined]
    held_out = set(settings["held_out_classes"])
    kept = torch.tensor([c for c in range(len(further[DOCUMENTS])) if c not in held_out])
    topics = further[TOPICS][kept] if TOPICS in further else torch.zeros(len(kept), dtype=torch.long)
    chosen = label_choice(topics, settings["labels"], generator("labels", settings["dataset"]))

    def queries(part: str, count: int, images: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
        return made(
            images,
            classes.cpu(),
            chosen,
            topics[chosen],
            count,
            settings["labels_shown"],
            settings["frequency_ratio"],
            settings["related"],
            job.draws.generator("queries", part),
        )

    images, labels = queries("train", settings["queries"], data.train_inputs, data.true_labels)
    tested, tested_labels = queries("test", settings["test_queries"], data.test_inputs, data.test_labels)
    return job.with_data(
        train_inputs=images,
        train_labels=labels,
        true_labels=labels,
        valid_inputs=images[:0],
        valid_labels=labels[:0],
        test_inputs=tested,
        test_labels=tested_labels,
        held_out_inputs=data.train_inputs[:0],
        labelled_inputs=images,
        labelled_labels=labels,
        spare_inputs=data.spare_inputs[:0],
        class_names=tuple(data.class_names[c] for c in chosen.tolist()),
        streams={**data.streams, "label_images": further[DOCUMENTS][kept][chosen].to(images.device)},
    )


def label_choice(topics: Tensor, count: int, draws: torch.Generator) -> Tensor:
    """(count,) classes in a drawn order, of whole topics of (K,) but for the last one."""
    drawn = torch.randperm(int(topics.max()) + 1, generator=draws)
    chosen = drawn[topics].argsort(stable=True)[:count]
    return chosen[torch.randperm(count, generator=draws)]


def made(
    images: Tensor,
    classes: Tensor,
    chosen: Tensor,
    topics: Tensor,
    count: int,
    shown: Sequence[int],
    ratio: float,
    related: float,
    draws: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """(count, C, 2H, 2W) queries and (count, L) labels, of images (N, C, H, W) of classes (N,).

    chosen: (L,) the classes that are labels, topics (L,) theirs. The r-th is drawn ratio^(-r / (L - 1)) times as often
    as the first.
    """
    there = torch.stack([(classes == c).any() for c in chosen.tolist()])
    weights = ratio ** (-torch.arange(len(chosen)) / max(1, len(chosen) - 1)) * there
    if int(there.sum()) < shown[1]:
        raise UserError(f"labels: {int(there.sum())} of them have images, and a query shows up to {shown[1]}")
    numbers = torch.randint(shown[0], shown[1] + 1, (count,), generator=draws)
    drawn = label_sets(weights, topics, count, shown[1], related, draws)
    cells = in_cells(numbers, draws)
    of_cells = drawn.gather(1, cells)  # (count, CELLS) labels
    by_class = [(classes == c).nonzero().squeeze(1) for c in chosen.tolist()]
    sizes = torch.tensor([max(1, len(places)) for places in by_class])
    table = torch.nn.utils.rnn.pad_sequence(by_class, batch_first=True)
    pick = (torch.rand(count, CELLS, generator=draws) * sizes[of_cells]).long().clamp_max(sizes[of_cells] - 1)
    corners = images[table[of_cells, pick].to(images.device)]
    rows = [torch.cat([corners[:, first], corners[:, first + 1]], 3) for first in (0, 2)]
    labels = torch.zeros(count, len(chosen)).scatter_(1, of_cells, 1.0)
    return torch.cat(rows, 2), labels.to(images.device)


def label_sets(
    weights: Tensor, topics: Tensor, count: int, size: int, related: float, draws: torch.Generator
) -> Tensor:
    """(count, size) labels, none twice in a row: the first by weights (L,), each further one with probability `related`
    by the weights of the first one's topic, where any of it are left, and else by those of all."""
    found = torch.multinomial(weights, count, replacement=True, generator=draws)[:, None]
    for _ in range(size - 1):
        left = weights.repeat(count, 1).scatter_(1, found, 0.0)
        near = left * (topics == topics[found[:, 0]][:, None])
        of_topic = torch.rand(count, 1, generator=draws) < related
        use = torch.where(of_topic & (near.sum(1, keepdim=True) > 0), near, left)
        found = torch.cat([found, torch.multinomial(use, 1, generator=draws)], 1)
    return found


def in_cells(numbers: Tensor, draws: torch.Generator) -> Tensor:
    """(n, CELLS) which of its numbers (n,) of labels each cell of a query shows: all of them, in any order."""
    any_of = (torch.rand(len(numbers), CELLS, generator=draws) * numbers[:, None]).long()
    places = torch.arange(CELLS).expand_as(any_of)
    each = torch.where(places < numbers[:, None], places, any_of)
    return each.gather(1, torch.rand(each.shape, generator=draws).argsort(1))


ROWS, COLUMNS = 8, 8
"""So many queries are kept with so many of the labels found for them."""
DEEPEST = 10
"""How many of a training query's labels that are wrong and nearest are looked for in its last batch."""


class Evidence(evidence.Evidence):
    @cached_property
    def scores(self) -> Tensor:
        """(N, L) of the tested queries."""
        return answers(self.job, self.job.data.test_inputs, self._method.scores, "scores")

    @property
    def positives(self) -> Tensor:
        """(N, L) zeros and ones: the labels of each tested query."""
        return self.labels

    @property
    def label_counts(self) -> Tensor:
        """(L,) how many training queries show each label."""
        return self.job.data.train_labels.sum(0)

    @property
    def train_queries(self) -> int:
        """How many there are."""
        return len(self.job.data.train_labels)

    @cached_property
    def hardest_in_batch(self) -> Tensor | None:
        """(M, DEEPEST) bool: of each training query's wrong labels, those that score highest at the end, whether each
        was among the labels of the query's last batch; None of methods that compare with more than a batch."""
        method = self._method
        if not isinstance(method, InBatch) or int(method.last_label.min()) < 0:
            return None
        data = self.job.data
        scores = answers(self.job, data.train_inputs, method.scores, "scores of training queries")
        wrong = scores.masked_fill(data.train_labels > 0, -torch.inf)
        nearest = wrong.topk(min(DEEPEST, wrong.shape[1] - 1), dim=1).indices
        there = torch.zeros(int(method.last_batch.max()) + 1, wrong.shape[1], dtype=torch.bool, device=wrong.device)
        there[method.last_batch, method.last_label] = True
        return there[method.last_batch].gather(1, nearest)

    @property
    def _method(self) -> Retriever:
        assert isinstance(self.job.method, Retriever)
        return self.job.method

    def facts(self) -> dict[str, list[int]]:
        return {"class_counts": list(self.job.data.class_counts)}

    def arrays(self) -> dict[str, Tensor]:
        """Of the first queries, the images of the labels found for them, and which of these are right."""
        data = self.job.data
        first = slice(0, min(ROWS, len(self.scores)))
        documents = data.streams["label_images"]
        repeated = documents.repeat_interleave(2, 2).repeat_interleave(2, 3)
        nearest, hits = ranked_labels.first(self.scores[first], self.positives[first], COLUMNS)
        images = torch.cat([data.test_inputs[first, None], repeated[nearest]], 1)
        return {"row_images": images, "row_hits": torch.cat([hits.new_ones(len(hits), 1), hits], 1)}
