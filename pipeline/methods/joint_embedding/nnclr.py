"""SimCLR in which a view's nearest neighbour among recent embeddings stands in for it as the positive."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.heads import mlp
from pipeline.ops.queue import Queue


class NNCLR(JointEmbedding):
    """Equation 3 with predictions: -log exp(NN(z_i, Q) . p_i+ / tau) / sum_k exp(NN(z_i, Q) . p_k+ / tau), p = g(z).

    NN is the nearest of the support set Q, the latest embeddings of the first view; all are unit vectors. The paper
    adds the term whose sum runs over NN(z_k, Q) with p_i+ fixed, and both orders of the views; the loss here is the
    mean over these four. The authors have no public code. Heads as in the paper: three layers, all batch normalised,
    and a predictor with one hidden layer. Q begins with random unit vectors and gets the batch after the step.
    """

    paper = "nnclr"
    training_only = ("projector", "predictor", "queue")
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    queue_length: int = setting(98304, unit="embeddings", low=1)
    projection_hidden: int = setting(2048, unit="units", low=1)
    projection_dim: int = setting(256, unit="units", low=1)
    predictor_hidden: int = setting(4096, unit="units", low=1)

    predictor: nn.Module

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_hidden, self.projection_dim]
        self.projector = mlp(widths, batch_norm=True, last_batch_norm=True)
        self.predictor = mlp([self.projection_dim, self.predictor_hidden, self.projection_dim], batch_norm=True)
        self.queue = Queue(self.queue_length, self.projection_dim)
        self.latest: Tensor | None = None

    def objective(self, *z: Tensor) -> Tensor:
        p1, p2 = F.normalize(self.predictor(torch.cat(z)).float()).chunk(2)
        neighbours = [self.nearest(F.normalize(view.detach().float())) for view in z]
        self.latest = F.normalize(z[0].detach().float())
        own = torch.arange(len(p1), device=p1.device)
        logits = [near @ p.T / self.temperature for near, p in zip(neighbours, (p2, p1), strict=True)]
        return torch.stack([F.cross_entropy(scores, own) for x in logits for scores in (x, x.T)]).mean()

    def nearest(self, z: Tensor) -> Tensor:
        """(B, D) items of the support set, each the nearest to a unit vector of z (B, D)."""
        return self.queue.items[(z @ self.queue.items.T).argmax(1)]

    def after_step(self) -> None:
        if self.latest is not None:
            self.queue.push(self.latest)
            self.latest = None
