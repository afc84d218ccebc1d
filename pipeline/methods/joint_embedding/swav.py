"""Each view must predict the balanced cluster assignment of another view of the same image."""

from typing import Any

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.heads import mlp
from pipeline.ops.queue import Queue
from pipeline.ops.sinkhorn import balanced_codes


class SwAV(JointEmbedding):
    """Equations 2 and 6: for codes q_s of a full crop s and every other crop t, -sum_k q_s^(k) log p_t^(k),
    p_t = softmax(C^T z_t / tau); mean over t, s and images.

    Codes (equations 3 to 5): Sinkhorn-Knopp on C^T z_s, full crops only, no gradient; together with those of the
    queue of that crop's latest embeddings once `queue_start` has passed and the queue is full. Prototypes C are
    unit vectors again after each step, and still during the first `frozen_epochs`. The head is batch normalised.
    The paper starts its queue at epoch 15 of 200; as a share of training that scales with the schedule.
    """

    paper = "swav"
    training_only = ("projector", "prototype_layer", "queues")
    prototypes: int = setting(3000, unit="prototypes", low=2)
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    epsilon: float = setting(0.05, unit="cosine", low=1e-3)
    sinkhorn_iterations: int = setting(3, unit="iterations", low=1)
    small_crops: int = setting(6, unit="views", low=0)
    queue_length: int = setting(3840, unit="embeddings", low=0)
    queue_start: float = setting(0.075, unit="share of training", low=0.0, high=1.0)
    frozen_epochs: int = setting(1, unit="epochs", low=0)

    queues: Any

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.views: tuple[str, ...] = ("full", "full", *["small"] * self.small_crops)

    def build(self, context: Context) -> None:
        self.projector = mlp([context.feature_dim, self.projection_hidden, self.projection_dim], batch_norm=True)
        self.prototype_layer = nn.Linear(self.projection_dim, self.prototypes, bias=False)
        self.queues = nn.ModuleList(Queue(self.queue_length, self.projection_dim) for _ in range(2))
        self.embeddings: list[Tensor] = []
        with torch.no_grad():
            self.after_step()

    def objective(self, *z: Tensor) -> Tensor:
        z = tuple(F.normalize(view.float()) for view in z)
        prototypes = self.prototype_layer.weight.float()
        scores = [view @ prototypes.T for view in z]
        self.embeddings = [view.detach() for view in z[:2]]
        log_p = [F.log_softmax(view / self.temperature, dim=1) for view in scores]
        total = z[0].new_zeros(())
        for s, queue in enumerate(self.queues):
            codes = self.codes(scores[s].detach(), queue, prototypes.detach())
            total = total - sum((codes * log_p[t]).sum(1).mean() for t in range(len(z)) if t != s)
        return total / (2 * (len(z) - 1))

    def codes(self, scores: Tensor, queue: Queue, prototypes: Tensor) -> Tensor:
        """(B, K) codes of scores (B, K), balanced over the batch and, when it is in use, the queue."""
        size = len(scores)
        if self.queue_length and self.progress >= self.queue_start and queue.full:
            scores = torch.cat([queue.items @ prototypes.T, scores])
        return balanced_codes(scores, self.epsilon, self.sinkhorn_iterations)[-size:]

    def after_backward(self, epoch: int) -> None:
        if epoch < self.frozen_epochs:
            self.prototype_layer.weight.grad = None

    def after_step(self) -> None:
        self.prototype_layer.weight.copy_(F.normalize(self.prototype_layer.weight))
        if self.queue_length and self.progress >= self.queue_start:
            for queue, z in zip(self.queues, self.embeddings, strict=False):
                queue.push(z)
