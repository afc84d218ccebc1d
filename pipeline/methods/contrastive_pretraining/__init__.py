"""Classifiers that first learn an encoder from the stream "unlabelled" by contrast, and classes only then."""

from typing import Any

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.semi_supervised import SemiSupervised
from pipeline.ops.heads import mlp


class ContrastivePretraining(SemiSupervised):
    """Phase 0 trains encoder f and projector g by SimCLR's contrast of two strong views of the stream's images.

    Members say in `later` what the phases after it minimise, and in `phases` how the epochs are shared out, so that a
    run has as many steps as any other of its study, however it uses them. In phase 0 labelled images are among the
    stream's, and nothing is known of their labels.
    """

    streams = {"unlabelled": ("full", "strong", "strong")}

    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    projection_dim: int = setting(128, unit="units", low=1)

    projector: nn.Module

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.sim_clr = SimCLR(temperature=self.temperature)

    def build(self, context: Context) -> None:
        super().build(context)
        self.projector = self.make_projector(context.feature_dim)

    def make_projector(self, width: int) -> nn.Sequential:
        return mlp([width, width, self.projection_dim])

    def loss(self, batch: Batch) -> Tensor:
        if self.phase > 0:
            return self.later(batch)
        views = torch.cat(batch["unlabelled"].views[1:])
        return self.sim_clr.objective(*self.projector(self.encoder(views)).chunk(2))

    def later(self, batch: Batch) -> Tensor:
        """The loss in phase 1 and after."""
        raise NotImplementedError
