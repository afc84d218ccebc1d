"""Any two images may be a positive pair, alike in the dimensions that a gate opens for their two classes."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.heads import mlp
from pipeline.ops.similarity import contrast_of_many


class Hydra(JointEmbedding):
    """Mean over the 2B views i of -1/|P(i)| sum_{p in P(i)} log exp(s_i(i, p)/tau) / sum_{a != i} exp(s_i(i, a)/tau),
    plus `penalty` times the mean of g (1 - g), where

    s_i(a, b) = cos(g_i * z_a, g_i * z_b), g_i = sigmoid(MLP((e(y_i) + e(y'_i)) / 2)), e learned, one vector a class.

    y'_i is the class of another image drawn for i, and P(i) all other views of images of the pair y_i, y'_i.

    Later called SimLAP. Abstract and summaries tell of gates by class pair, InfoNCE in the gated subspace and a
    penalty that makes gates nearly binary; the text of the paper was not at hand. Chosen here: partners by a random
    permutation of the batch; views of either class as positives of one anchor, where single positives from the
    other class alone teach nothing in a few hundred steps; the penalty's form and weight; tau, sizes as the head's.
    Evaluation sees the encoder alone, without gates. Open gates and pairs of one class twice give SupCon.
    """

    paper = "hydra"
    uses_labels = True
    training_only = ("projector", "classes", "gate")
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    penalty: float = setting(0.1, low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.classes = nn.Embedding(context.num_classes, self.projection_dim)
        self.gate = mlp([self.projection_dim, self.projection_hidden, self.projection_dim])

    def loss(self, batch: Batch) -> Tensor:
        others = batch.labels[torch.randperm(len(batch.labels)).to(batch.labels.device)]
        gates = self.gates(batch.labels, others)
        contrast = self.contrast(gates, batch.labels, others, *self.embed(batch.views))
        return contrast + self.penalty * (gates * (1 - gates)).mean()

    def gates(self, labels: Tensor, others: Tensor) -> Tensor:
        """(B, D) in (0, 1) of pairs of classes (B,)."""
        return torch.sigmoid(self.gate((self.classes(labels) + self.classes(others)) / 2).float())

    def contrast(self, gates: Tensor, labels: Tensor, others: Tensor, *z: Tensor) -> Tensor:
        """The loss of embeddings z, each (B, D), of images with gates (B, D) for the classes labels and others (B,)."""
        unit = F.normalize(torch.cat(z).float())
        squares = gates.repeat(len(z), 1) ** 2
        lengths = (squares @ (unit**2).T) * (squares * unit**2).sum(1, keepdim=True)
        cosines = ((squares * unit) @ unit.T).float() * lengths.float().clamp_min(1e-12).rsqrt()
        itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
        of_pair = (labels[:, None] == labels) | (others[:, None] == labels)
        positive = of_pair.repeat(len(z), len(z)) & ~itself
        return contrast_of_many(cosines / self.temperature, positive, itself)
