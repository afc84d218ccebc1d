"""Classifiers of episodes: a few labelled examples of each of a few new classes, and queries to be told apart.

Episodes come many at once: support features (E, N, D) with labels (E, N) in 0..K-1, queries (E, Q, D).
"""

from collections.abc import Mapping
from typing import ClassVar, Self

from pipeline.contract import Batch, Context, Method, Tensor, setting
from pipeline.methods.embedding import Grouped
from pipeline.ops.prototypes import means, normalised, one_hot


class FewShot(Method):
    """What is learned of an episode's support, applied to its queries. Members override `classify`."""

    kind = "episode_classifier"
    uses_labels = True
    candidates: ClassVar[Mapping[str, tuple[float, ...]]] = {}
    """Settings that are chosen for each task on episodes of validation classes where they are negative."""
    every_shot: ClassVar[bool] = False
    """Whether the support has all images of its classes that are not queries."""

    known_mean: Tensor
    """(D,) of the base classes' training features."""

    def look(self, known: Tensor) -> None:
        """Take note of features (N, D) of the base classes' training images; called once, before any episode."""
        self.known_mean = known.mean(0)

    def normalised(self, features: Tensor) -> Tensor:
        """Features less the base classes' mean, at unit length: CL2N of SimpleShot."""
        return normalised(features, self.known_mean)

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """(E, Q, K) scores, the highest of the class that is predicted; episodes do not touch each other."""
        raise NotImplementedError


class Frozen(FewShot):
    """A classifier of the features of a trained encoder, which stays as it is."""

    trains: ClassVar[bool] = False
    builds_on: ClassVar[bool] = True
    requires = ("base_encoder == encoder", "base_shape == shape")
    training_only = ("base",)  # its own run keeps its weights
    views: tuple[str, ...] = ()
    base: Method

    def build(self, context: Context) -> None:
        assert context.base is not None
        self.base = context.base

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.base.eval()
        return self

    def features(self, inputs: Tensor) -> Tensor:
        return self.base.features(inputs)


class Transductive(Frozen):
    """Classifies all queries of an episode together, on CL2N features. Members override `assign`.

    Queries are first moved by the difference of the means of support and queries, as the authors' code of 181 and of
    LaplacianShot does; this takes for granted that classes have equal shares of the queries.
    """

    told = "all queries of an episode at once"
    shifted: bool = setting(True)

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        support, queries = self.normalised(support), self.normalised(queries)
        if self.shifted:
            queries = queries + support.mean(1, keepdim=True) - queries.mean(1, keepdim=True)
        return self.assign(support, one_hot(labels), queries)

    def assign(self, support: Tensor, known: Tensor, queries: Tensor) -> Tensor:
        """(E, Q, K) scores, given CL2N features and the support's labels (E, N, K) as 0 and 1."""
        raise NotImplementedError


class Episodic(Grouped, FewShot):
    """An encoder trained on episodes like those of the test. Members override `episode_loss`.

    A batch is an episode: of each of its classes the first `shots` images are the support and the others queries.
    """

    requires = ("shots < images_per_class",)

    images_per_class: int = setting(6, unit="images of each class of an episode, labelled ones among them", low=2)
    shots: int = setting(1, unit="labelled images of each class", low=1)

    def loss(self, batch: Batch) -> Tensor:
        features = self.encoder(batch.views[0])
        episode = features.view(-1, self.images_per_class, features.shape[1])
        return self.episode_loss(episode[:, : self.shots], episode[:, self.shots :])

    def episode_loss(self, support: Tensor, queries: Tensor) -> Tensor:
        """A scalar, of features (K, shots, D) and (K, Q, D) of K classes."""
        raise NotImplementedError


def class_means(support: Tensor, labels: Tensor) -> Tensor:
    """(E, K, D) of support features (E, N, D) with labels (E, N)."""
    return means(support, one_hot(labels))
