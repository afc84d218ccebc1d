"""Objectives on the embeddings of several views of each image."""

from typing import ClassVar

from pipeline.contract import Batch, Context, Method, Tensor, nn, setting, torch
from pipeline.ops.heads import mlp


class JointEmbedding(Method):
    """An encoder f, a projection head g, and an objective on z = g(f(view)).

    Members override `objective`; those with other heads override `build`, those with other views `views`.
    """

    driver = "self_supervised"
    training_only: ClassVar[tuple[str, ...]] = ("projector",)
    views: tuple[str, ...] = ("full", "full")

    projection_hidden: int = setting(256, unit="units", low=1)
    projection_dim: int = setting(128, unit="units", low=1)

    projector: nn.Module

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

    def objective(self, *z: Tensor) -> Tensor:
        """The paper's loss on embeddings z, each (B, D), not normalised; a scalar."""
        raise NotImplementedError
