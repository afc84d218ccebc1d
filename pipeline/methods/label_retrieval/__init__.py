"""Queries with several labels, and the labels' images that they are looked up among, embedded by one encoder.

An encoder sees pieces of the size of a label's image and gives (D,) for each; a query's embedding is the mean of its
pieces'. So queries and documents of a step are encoded together, by the same weights and batch statistics. A label's
score s is the cosine of the query's and the label's embeddings.
"""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, setting, torch
from pipeline.ops.retrieval import cosines


class Retriever(Method):
    """Whatever gives each label a score for a query."""

    kind = "label_retriever"
    uses_labels = True

    def scores(self, images: Tensor) -> Tensor:
        """(B, L) of queries (B, C, 2H, 2W): higher is more likely."""
        raise NotImplementedError


class DualEncoder(Retriever):
    """One encoder for queries and for all L labels, which are encoded anew in every step. Members override
    `objective`."""

    temperature: float = setting(0.05, unit="by which cosines are divided", low=0.001)

    documents: Tensor
    """(L, C, H, W) normalised images, one a label."""

    def build(self, context: Context) -> None:
        raw, inputs = context.streams["label_images"], context.inputs
        images = (raw.float() / 255 - inputs.column(inputs.mean).to(raw.device)) * inputs.scale.to(raw.device)
        self.register_buffer("documents", images, persistent=False)

    def pieces(self, images: Tensor) -> Tensor:
        """(B P, C, H, W) of queries (B, C, 2H, 2W), those of a query one after the other."""
        count, channels, height, width = images.shape
        tall, wide = self.documents.shape[2:]
        parts = images.reshape(count, channels, height // tall, tall, width // wide, wide)
        return parts.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, tall, wide)

    def together(self, images: Tensor, documents: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings (B, P, D) of the pieces of queries and (l, D) of documents (l, C, H, W), in one pass."""
        pieces = self.pieces(images)
        found = self.encoder(torch.cat([pieces, documents]))
        return found[: len(pieces)].unflatten(0, (len(images), -1)), found[len(pieces) :]

    def compare(self, pieces: Tensor, labels: Tensor) -> Tensor:
        """Cosines (B, l) of queries, from embeddings (B, P, D) of their pieces, with labels (l, D)."""
        return cosines(pieces.mean(1), labels)

    def scores(self, images: Tensor) -> Tensor:
        return self.compare(*self.together(images, self.documents))

    def features(self, inputs: Tensor) -> Tensor:
        return self.together(inputs, self.documents[:0])[0].mean(1)

    def loss(self, batch: Batch) -> Tensor:
        return self.objective(self.scores(batch.views[0]) / self.temperature, batch.labels)

    def objective(self, scores: Tensor, labels: Tensor) -> Tensor:
        """The loss on scores s = cosine / temperature (B, L) and labels (B, L), zeros and ones; a scalar."""
        raise NotImplementedError


class InBatch(DualEncoder):
    """Only the labels of a batch are encoded: of each query one positive label, drawn anew in every step. Those of the
    other queries are its negatives, if they are not among its own labels.

    The loss is NGAME's: of the k hardest negatives n of a query with positive p,
    1/(B k) sum_b sum_n w_n [s_n - s_p + margin]_+, w = softmax over n of (s_n / 0.1 where the margin is violated, else
    0), s being cosines; gradients pass through w, as in the authors' code.
    """

    training_only = ("memory",)

    margin: float = setting(0.3, low=0.0, high=2.0)
    hardest: int = setting(10, unit="negatives of a query", low=1)
    sharpness: float = setting(0.1, unit="temperature of the weights", low=0.001)

    memory: Tensor
    """(N, D) the last embedding of each training query."""
    last_label: Tensor
    """(N,) the positive that was last drawn for each."""
    last_batch: Tensor
    """(N,) the number of its last batch."""
    step_number: Tensor
    """Of the step that is next."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.batch_size = context.batch_size
        self.register_buffer("memory", torch.zeros(context.train_examples, context.feature_dim))
        self.register_buffer("last_label", torch.full((context.train_examples,), -1))
        self.register_buffer("last_batch", torch.zeros(context.train_examples, dtype=torch.long))
        self.register_buffer("step_number", torch.zeros((), dtype=torch.long))

    def loss(self, batch: Batch) -> Tensor:
        positives = torch.multinomial(batch.labels, 1).squeeze(1)
        pieces, labels = self.together(batch.views[0], self.documents[positives])
        with torch.no_grad():
            self.memory[batch.indices] = pieces.mean(1).float()
            self.last_label[batch.indices] = positives
            self.last_batch[batch.indices] = self.step_number
            self.step_number.add_(1)
        return self.triplets(self.compare(pieces, labels), batch.labels[:, positives])

    def triplets(self, cosines: Tensor, own: Tensor) -> Tensor:
        """Of cosines (B, B) with the labels of the batch, the query's on the diagonal, and whether these are among the
        query's own labels (B, B)."""
        negatives = cosines.masked_fill(own > 0, -10.0)
        count = min(self.hardest, len(cosines) - 1)
        hard = negatives.topk(count, dim=1).values
        hinge = (hard - cosines.diagonal()[:, None] + self.margin).relu()
        weights = (hard / self.sharpness * (hinge > 0)).softmax(1)
        return (weights * hinge).mean()


def decoupled(scores: Tensor, labels: Tensor) -> Tensor:
    """-1/B sum_b 1/|P_b| sum_{p in P_b} log e^{s_p} / (e^{s_p} + sum_{n not in P_b} e^{s_n}), of scores (B, L)."""
    negatives = scores.masked_fill(labels > 0, -torch.inf).logsumexp(1, keepdim=True)
    return per_positive(F.logsigmoid(scores - negatives), labels)


def per_positive(log_probabilities: Tensor, labels: Tensor) -> Tensor:
    """-1/B sum_b 1/|P_b| sum_{p in P_b} of values (B, L)."""
    return -((log_probabilities * labels).sum(1) / labels.sum(1)).mean()
