"""Episodes of unseen classes. What has no way of its own to classify them takes the nearest mean of its features.

Classes are split as in metric learning. All images of the novel classes, of either split, are what episodes are drawn
from: by study and seed, the same for all methods, and the labelled ones the same whatever queries there are.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.methods.few_shot import FewShot, class_means
from pipeline.ops import episodes
from pipeline.ops.episodes import Episodes
from pipeline.ops.prototypes import normalised, squared_distances
from pipeline.protocols.few_shot import Task
from pipeline.protocols.metric_learning import run as metric_learning
from pipeline.training.evidence import answers, finite
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole
BATCH = 250
"""Episodes that are classified at once."""


def prepare(job: Job) -> Job:
    """Classes apart as in metric learning; novel classes and validation classes have the images of both splits.

    In a search the validation classes are tested, without the test split's images, and nothing is chosen on others.
    """
    data, apart = job.data, metric_learning.apart(job)
    made = metric_learning.prepare(job)
    searched = job.settings["evaluate_on"] == "validation"
    parts = []
    for classes in (apart[1], apart[1] if searched else apart[2]):
        # in the data set's order, in which like classes may stand together
        classes = classes.sort().values
        found = [metric_learning.of_classes(classes, data.train_inputs, data.true_labels)]
        found.append(metric_learning.of_classes(classes, data.test_inputs, data.test_labels))
        parts.append([torch.cat(each) for each in zip(*found, strict=True)])
    (chosen, chosen_labels), (tested, labels) = parts
    hidden = {**made.data.hidden, "validation_inputs": chosen, "validation_labels": chosen_labels}
    return made.with_data(test_inputs=tested, test_labels=labels, hidden=hidden)


@dataclass(frozen=True)
class Pool:
    """Embedded images (N, F) of some classes, with labels (N,) from 0; the episodes' draws have its name."""

    name: str
    features: Tensor
    labels: Tensor

    def episodes(self, job: Job, task: Task, count: int) -> Episodes:
        settings, draws = job.settings, job.draws.generator("episodes", self.name, task.name)
        try:
            return episodes.draw(
                self.labels.cpu(),
                task.ways,
                task.shots,
                task.queries,
                count,
                draws,
                adjacent=settings["adjacent"],
                concentration=settings["query_concentration"],
            )
        except ValueError as error:
            raise UserError(f"tasks {task.name}: {error}") from None


class Evidence(metric_learning.Evidence):
    @cached_property
    def tasks(self) -> list[Task]:
        return [Task.model_validate(task) for task in self.job.settings["tasks"]]

    @cached_property
    def choices(self) -> dict[str, float]:
        """Setting and task -> the value with the best accuracy on episodes of validation classes."""
        method = self._method
        if not isinstance(method, FewShot) or not (wanted := self._wanted(method)):
            return {}
        hidden = self.job.data.hidden
        features = answers(self.job, hidden["validation_inputs"], method.features, "embeddings")
        pool, found = Pool("validation", features, hidden["validation_labels"]), {}
        for task in self.tasks:
            drawn = pool.episodes(self.job, task, self.job.settings["chosen_on"])
            for name, values in wanted.items():
                usual, scores = getattr(method, name), []
                for value in values:
                    setattr(method, name, value)
                    scores.append(float(self._right(pool, drawn).mean()))
                setattr(method, name, usual)
                found[f"{name}_{task.name}"] = values[scores.index(max(scores))]
        return found

    @staticmethod
    def _wanted(method: FewShot) -> dict[str, tuple[float, ...]]:
        return {name: values for name, values in method.candidates.items() if getattr(method, name) < 0}

    @cached_property
    def _pool(self) -> Pool:
        return Pool("test", self.features, self.labels)

    @cached_property
    def _method(self) -> object:
        method = self.job.method
        if isinstance(method, FewShot):
            method.look(self.train_features)
        return method

    @cached_property
    def _episodes(self) -> dict[str, Episodes]:
        return {task.name: self._pool.episodes(self.job, task, task.episodes) for task in self.tasks}

    @cached_property
    def episode_right(self) -> dict[str, Tensor]:
        """Task -> (E,) the share of each episode's queries that are classified rightly."""
        method, found = self._method, {}
        for name, drawn in self._episodes.items():
            wanted = self._wanted(method) if isinstance(method, FewShot) else {}
            usual = {setting: getattr(method, setting) for setting in wanted}
            for setting in wanted:
                setattr(method, setting, self.choices[f"{setting}_{name}"])
            found[name] = self._right(self._pool, drawn)
            for setting, value in usual.items():
                setattr(method, setting, value)
        return found

    @cached_property
    def centroid_right(self) -> dict[str, Tensor]:
        """Task -> (E,) the same by the nearest mean of centred features at unit length."""
        centred = normalised(self.features, self.train_features.mean(0))
        pool = Pool("test", centred, self.labels)
        return {name: self._right(pool, drawn, own=False) for name, drawn in self._episodes.items()}

    def _right(self, pool: Pool, drawn: Episodes, own: bool = True) -> Tensor:
        method = self._method if own else None
        support, labels = drawn.support, drawn.support_labels
        if isinstance(method, FewShot) and method.every_shot:
            support = torch.cat([support, drawn.others], 2)
            labels = torch.arange(support.shape[1]).repeat_interleave(support.shape[2]).expand(len(support), -1)
        found = []
        for places, given, asked, truth in zip(
            *(part.split(BATCH) for part in (support.flatten(1), labels, drawn.queries, drawn.query_labels)),
            strict=True,
        ):
            device = pool.features.device
            episode = pool.features[places.to(device)], given.to(device), pool.features[asked.to(device)]
            scores = method.classify(*episode) if isinstance(method, FewShot) else _nearest_mean(*episode)
            right = finite(scores, "scores of episodes").argmax(2) == truth.to(device)
            found.append(right.double().mean(1))
        return torch.cat(found)

    def arrays(self) -> dict[str, Tensor]:
        """Nothing of single images: episodes are the examples."""
        return {}


def _nearest_mean(support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
    return -squared_distances(queries, class_means(support, labels))
