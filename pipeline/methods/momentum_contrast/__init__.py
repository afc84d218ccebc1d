"""Contrast of queries with keys of a slowly moving encoder, negatives coming from a queue of earlier keys."""

from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, nn, setting, torch
from pipeline.ops.ema import follow, follower
from pipeline.ops.groups import in_groups, in_shuffled_groups, parts, slow_statistics
from pipeline.ops.heads import mlp
from pipeline.ops.queue import Queue


class MomentumContrast(Method):
    """InfoNCE: -log exp(q.k+/tau) / (exp(q.k+/tau) + sum_{n in Q} exp(q.n/tau)), mean over queries.

    q (B, D) from one view, k+ (B, D) from the other by the momentum encoder, all of unit length. Members
    override `negatives`, or `contrast` where q and k themselves change.

    Shuffling: q and k+ of one image must not share batch statistics, or they find each other by those. The
    authors compute statistics per device and shuffle the keys between devices. On one device the batch is
    divided in `groups` that are normalised apart, queries in order and keys shuffled, which is the same
    arithmetic. `groups: 1` normalises the whole batch at once and so switches shuffling off.
    """

    kind = "representation"
    training_only: ClassVar[tuple[str, ...]] = ("projector", "key_encoder", "queue")
    views: tuple[str, ...] = ("full", "full")

    temperature: float = setting(0.2, unit="cosine", low=1e-3)
    momentum: float = setting(0.999, low=0.0, high=1.0)
    queue_length: int = setting(65536, unit="keys", low=1)
    groups: int = setting(8, unit="groups", low=1)
    projection_hidden: int = setting(256, unit="units", low=1)
    projection_dim: int = setting(128, unit="units", low=1)

    def build(self, context: Context) -> None:
        self.projector = self.head(context)
        slow_statistics(self.encoder, parts(context.batch_size, self.groups))
        self.key_encoder = follower(nn.Sequential(self.encoder, self.projector))
        self.queue = Queue(self.queue_length, self.projection_dim)
        self.keys: Tensor | None = None

    def head(self, context: Context) -> nn.Module:
        return mlp([context.feature_dim, self.projection_hidden, self.projection_dim])

    def loss(self, batch: Batch) -> Tensor:
        query_view, key_view = batch.views
        q = self.unit(self.projector(in_groups(self.encoder, query_view, self.groups)))
        with torch.no_grad():
            k = self.unit(in_shuffled_groups(self.key_encoder, key_view, self.groups))
        self.keys = k
        return self.contrast(q, k)

    def unit(self, z: Tensor) -> Tensor:
        """Embeddings (B, D), of unit length, of the head's output."""
        return F.normalize(z.float())

    def contrast(self, q: Tensor, k: Tensor) -> Tensor:
        """The loss of queries and their keys (B, D); the queue does not yet hold these keys."""
        positives = (q * k).sum(1, keepdim=True)
        logits = torch.cat([positives, self.negatives(q, q @ self.queue.items.T)], 1) / self.temperature
        return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.int64, device=q.device))

    def negatives(self, q: Tensor, cosines: Tensor) -> Tensor:
        """Cosines (B, M) of each query with its negatives, given those with the queue's keys (B, K)."""
        return cosines

    def after_step(self) -> None:
        """The momentum update that the paper makes before the next batch's keys, and the queue's update."""
        follow(self.key_encoder, nn.Sequential(self.encoder, self.projector), self.momentum)
        if self.keys is not None:
            self.queue.push(self.keys)
            self.keys = None
