"""SimCLR in which every view of every image of the same class is a positive."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.similarity import contrast_of_many


class SupCon(JointEmbedding):
    """Equation 2, L_out: -1/|P(i)| sum_{p in P(i)} log exp(z_i . z_p / tau) / sum_{a != i} exp(z_i . z_a / tau).

    Mean over i, the 2B unit embeddings, where the paper sums; P(i) are the others with i's label, at least the other
    view of the image. The public code also multiplies by tau / 0.07. If all labels are different it is NT-Xent.
    """

    paper = "sup_con"
    uses_labels = True
    temperature: float = setting(0.1, unit="cosine", low=1e-3)

    def loss(self, batch: Batch) -> Tensor:
        return self.contrast(batch.labels, *self.embed(batch.views))

    def contrast(self, labels: Tensor, *z: Tensor) -> Tensor:
        """The loss of embeddings z, each (B, D), not normalised, of images with labels (B,)."""
        unit, labels = F.normalize(torch.cat(z).float()), labels.repeat(len(z))
        itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
        positive = (labels[:, None] == labels) & ~itself
        return contrast_of_many(unit @ unit.T / self.temperature, positive, itself)
