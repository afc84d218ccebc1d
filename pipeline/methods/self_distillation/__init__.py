"""Prediction, from one view of an image, of what a target network makes of another view; no negatives."""

from collections.abc import Sequence
from typing import ClassVar

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.ema import follow, follower, rising


class SelfDistillation(JointEmbedding):
    """Mean of compare(h(g(f(x_t))), target(x_s)) over each full view s and every other view t of an image.

    f is the encoder, g the projector, h a predictor. Targets have no gradient; unless a member has a network for
    them, they are g(f(x_s)). Members override `compare`, and make their heads in `build`. Where a paper adds the two
    directions of a pair, this is half of that. Views of one size share batch statistics, as in the whole family of
    joint embeddings; BYOL's and SimSiam's public code passes views one at a time.
    """

    training_only: ClassVar[tuple[str, ...]] = ("projector", "predictor")

    predictor: nn.Module

    def build(self, context: Context) -> None:
        self.predictor = nn.Identity()

    def loss(self, batch: Batch) -> Tensor:
        z = self.embed(batch.views)
        predictions = self.predictor(torch.cat(z)).float().chunk(len(z))
        losses = [
            self.compare(prediction, target)
            for s, target in enumerate(self.targets(batch.views, z))
            for t, prediction in enumerate(predictions)
            if t != s
        ]
        return torch.stack(losses).mean()

    def targets(self, views: list[Tensor], z: list[Tensor]) -> Sequence[Tensor]:
        """One (B, D) without gradient per full view, given the projections z of all views; full views come first."""
        return [part.detach().float() for part in z]

    def compare(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The scalar loss of one view's predictions (B, D) for the targets (B, D) of another view."""
        raise NotImplementedError


class MomentumTarget(SelfDistillation):
    """Targets come from a network that follows encoder and projector: xi <- tau xi + (1 - tau) theta after each step.

    tau = 1 - (1 - momentum) (cos(pi k / K) + 1) / 2 at step k of K: it rises from `momentum` to 1. The target
    network sees full views only. It begins as a copy of the online one and keeps batch statistics of its own.
    """

    training_only = ("projector", "predictor", "target")
    momentum: float = setting(0.996, low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        """Members have made their heads before they call this."""
        self.target = follower(nn.Sequential(self.encoder, self.projector))

    def targets(self, views: list[Tensor], z: list[Tensor]) -> Sequence[Tensor]:
        full = views[: self.views.count("full")]
        with torch.no_grad():
            outputs: Tensor = self.target(torch.cat(full)).float()
        return outputs.chunk(len(full))

    def after_step(self) -> None:
        momentum = rising(self.momentum, self.progress)
        follow(self.target, nn.Sequential(self.encoder, self.projector), momentum)
