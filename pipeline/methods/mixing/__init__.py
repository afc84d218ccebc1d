"""Classifiers that learn from mixtures of two images, with the images' labels mixed alike."""

import torch
import torch.nn.functional as F
from torch.distributions import Beta

from pipeline.contract import Batch, Context, Tensor
from pipeline.methods.classifier import Classifier


class Mixing(Classifier):
    """L = -sum_k t_k log p_k of mixed images and targets t, averaged over the batch. Members override `mix`.

    An image's partner is another of its batch. Where an image meets itself, or one of its own class, its target stays
    one-hot.
    """

    num_classes: int

    def build(self, context: Context) -> None:
        super().build(context)
        self.num_classes = context.num_classes

    def mix(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mixed images (M, C, H, W) and their targets (M, K), of images (B, C, H, W) and one-hot targets (B, K)."""
        raise NotImplementedError

    def targets(self, batch: Batch) -> Tensor:
        """(B, K) one-hot targets."""
        return F.one_hot(batch.labels, self.num_classes).to(batch.views[0].dtype)

    def loss(self, batch: Batch) -> Tensor:
        images, targets = self.mix(batch.views[0], self.targets(batch))
        return F.cross_entropy(self.logits(self.encoder(images)), targets)


def share(alpha: float) -> float:
    """lambda ~ Beta(alpha, alpha): the first image's share; 1, which mixes nothing, for alpha = 0."""
    return float(Beta(alpha, alpha).sample()) if alpha > 0 else 1.0


def partners(images: Tensor) -> Tensor:
    """(B,) each image's partner: a random order of the batch."""
    return torch.randperm(len(images), device=images.device)
