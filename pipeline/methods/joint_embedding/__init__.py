"""Objectives on the embeddings of several views of each image."""

from typing import Any, ClassVar

from pipeline.contract import Batch, Context, Method, Tensor, nn, setting, torch
from pipeline.ops.heads import mlp


class JointEmbedding(Method):
    """An encoder f, a projection head g, and an objective on z = g(f(view)).

    Members override `objective`; those with other heads override `build`, those with other views `views`.
    """

    kind = "representation"
    training_only: ClassVar[tuple[str, ...]] = ("projector",)
    views: tuple[str, ...] = ("full", "full")

    projection_hidden: int = setting(256, unit="units", low=1)
    projection_dim: int = setting(128, unit="units", low=1)
    probe_projection: bool = setting(False)
    """Whether evaluation probes z too, as `linear_top1_projected`."""

    projector: nn.Module

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if self.probe_projection:
            self.training_only = tuple(part for part in self.training_only if part != "projector")  # type: ignore[misc]

    def build(self, context: Context) -> None:
        self.projector = mlp([context.feature_dim, self.projection_hidden, self.projection_dim])

    def embed(self, views: list[Tensor]) -> list[Tensor]:
        """Projections z, one (B, D) per view.

        Views of one size share a pass through the encoder and all views one through the projector, as in SwAV's
        public code: batch normalisation in the head then has one set of statistics for all crops.
        """
        features: list[Tensor] = [torch.empty(0)] * len(views)
        for shape in dict.fromkeys(view.shape[-2:] for view in views):
            places = [i for i, view in enumerate(views) if view.shape[-2:] == shape]
            encoded = self.encoder(torch.cat([views[i] for i in places]))
            for i, part in zip(places, encoded.chunk(len(places)), strict=True):
                features[i] = part
        return list(self.projector(torch.cat(features)).chunk(len(views)))

    def loss(self, batch: Batch) -> Tensor:
        return self.objective(*self.embed(batch.views))

    def further_features(self, images: Tensor, features: Tensor) -> dict[str, Tensor]:
        return {"projected": self.projector(features)} if self.probe_projection else {}

    def objective(self, *z: Tensor) -> Tensor:
        """The paper's loss on embeddings z, each (B, D), not normalised; a scalar."""
        raise NotImplementedError


class SeveralViews(JointEmbedding):
    """Objectives on any number of full views."""

    num_views: int = setting(2, unit="views", low=2)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.views = ("full",) * self.num_views


class Pretrained(JointEmbedding):
    """Objectives that need another training before: phase 0, out of the same epochs."""

    pretraining: float = setting(0.25, unit="share of training", low=0.0, high=0.99)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.phases = (self.pretraining, 1 - self.pretraining)
