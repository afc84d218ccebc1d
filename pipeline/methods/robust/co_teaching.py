"""Two networks choose for each other the examples of small loss, so that neither trains on its own mistakes."""

import copy

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.classifier import Classifier


class CoTeaching(Classifier):
    """Algorithm 1: each network takes a step on the mean cross-entropy of the R(T) B examples of a batch that have the
    smallest loss under the other, R(T) = 1 - noise_rate min(T / T_k, 1).

    The paper assumes the noise rate to be known; it should be set to that of the data. T_k is 10 of its 200 epochs,
    here the share `gradual` of training, and R falls with every step instead of every epoch. One optimiser moves both
    networks by the sum of their losses, which share no weights. The public code divides each mean by R(T) B once
    more, which its Adam does not notice.

    Both see the same augmented images. The second starts from the weights of the first in random order within each
    tensor: another draw from the same distribution. Evaluation takes the first.
    """

    paper = "co_teaching"
    told = "the share of wrong labels"
    training_only = ("peer",)
    noise_rate: float = setting(0.2, unit="share of examples", low=0.0, high=1.0)
    gradual: float = setting(0.05, unit="share of training", low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.peer = copy.deepcopy(nn.Sequential(self.encoder, self.head))
        with torch.no_grad():
            for weights in self.peer.parameters():
                order = torch.randperm(weights.numel()).to(weights.device)
                weights.copy_(weights.flatten()[order].view_as(weights))

    def loss(self, batch: Batch) -> Tensor:
        images = batch.views[0]
        ours = F.cross_entropy(self.logits(self.encoder(images)), batch.labels, reduction="none")
        theirs = F.cross_entropy(self.peer(images), batch.labels, reduction="none")
        kept = self.kept(len(images))
        mine, yours = (each.detach().topk(kept, largest=False).indices for each in (ours, theirs))
        return ours[yours].mean() + theirs[mine].mean()

    def kept(self, size: int) -> int:
        """How many of `size` examples are learned from now; at least one."""
        done = 1.0 if self.progress >= self.gradual else self.progress / self.gradual
        return max(1, round((1 - self.noise_rate * done) * size))
