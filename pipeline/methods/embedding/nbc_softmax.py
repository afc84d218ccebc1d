"""A softmax whose embeddings are also kept apart class by class: the means of a batch's classes repel each other."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding.normalised_softmax import NormalisedSoftmax
from pipeline.ops.retrieval import cosines as between


class NBCSoftmax(NormalisedSoftmax):
    """L = (1 - r) L_softmax + r / C sum_k log sum_{j != k} exp(tau cos(c_k, c_j)), c_k the batch's mean of class k.

    The sum is over the classes of the batch, C is the number of all training classes as in the authors' code, and
    r = 0.5, tau = 0.2, which multiplies. Their code leaves j = k in the inner sum with a cosine of 0, a constant;
    the text's sum without it is here. With `over_batch` C is the number of classes in the batch. The softmax is the
    normalised one, so that r = 0 is `normalised_softmax`.
    """

    paper = "nbc_softmax"
    images_per_class: int = setting(4, unit="images of each class of a batch, 0 for random batches", low=0)
    block_weight: float = setting(0.5, unit="weight", low=0.0, high=1.0)
    tau: float = setting(0.2, unit="per cosine", low=0.0)
    over_batch: bool = setting(False)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        softmax = super().centre_loss(cosines, labels, embeddings)
        _, places = labels.unique(return_inverse=True)
        member = F.one_hot(places).to(embeddings.dtype)
        means = member.T @ embeddings / member.sum(0)[:, None]
        if len(means) < 2:
            return (1 - self.block_weight) * softmax
        itself = torch.eye(len(means), dtype=torch.bool, device=labels.device)
        block = (self.tau * between(means, means)).masked_fill(itself, -torch.inf).logsumexp(1).sum()
        block = block / (len(means) if self.over_batch else cosines.shape[1])
        return (1 - self.block_weight) * softmax + self.block_weight * block
