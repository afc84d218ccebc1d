"""SimMatchV2: views of an input agree in classes, in whom they resemble, and in the classes of those they resemble."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.semi_supervised import Believing, Taught
from pipeline.ops.label_propagation import LabelledBank
from pipeline.ops.pseudo_labels import aligned, sure_cross_entropy
from pipeline.ops.queue import Queue


class SimMatchV2(Taught, Believing):
    """L_u = w_nn 1[max p >= tau] H(y, q) + w_ee H(e_w, e_s) + w_en H(p, e_s C), the terms of section 3.

    q is the network's prediction of the strong view, p the teacher's of the weak one, divided by a moving average of
    its mean and normalised. y is p after it has spread over the graph of the input and of its nearest labelled ones
    (`propagated`): node-edge consistency. e_w and e_s are softmaxes of the cosines of both views' embeddings with those
    in a queue of earlier unlabelled inputs, at a temperature, and C are the p of these. Features are normalised over
    their entries (LayerNorm) before the classifier, and before a projector for embeddings.

    As in the authors' code the teacher's decay is constant, alpha is small (where p is sure y has its class), and banks
    and average are those from before the batch. Their student does not pass weak views: ours does, as the whole family.
    Weights are for a tenth of ImageNet's labels. `alpha` 0, w_ee = w_en = 0 is FixMatch with a teacher's soft labels.
    """

    paper = "sim_match_v2"
    streams = {"unlabelled": ("full", "strong")}
    training_only = (*Taught.training_only, "earlier")
    unlabelled_ratio: int = setting(5, unit="unlabelled inputs per labelled one", low=1)
    threshold: float = setting(0.7, unit="probability", low=0.0, high=1.0)
    node_weight: float = setting(10.0, low=0.0)
    edge_weight: float = setting(5.0, low=0.0)
    edge_node_weight: float = setting(5.0, low=0.0)
    alpha: float = setting(0.1, low=0.0, high=0.999)
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    neighbours: int = setting(128, unit="labelled inputs", low=1)
    queue_length: int = setting(81920, unit="unlabelled inputs", low=1)
    alignment: float = setting(0.9, low=0.0, high=1.0)
    normalise_features: bool = setting(True)
    projection_dim: int = setting(128, unit="units", low=1)

    mean: Tensor
    """(K,) of p before alignment."""

    def build_heads(self, context: Context) -> None:
        width, classes = context.feature_dim, context.num_classes
        norm = nn.LayerNorm(width) if self.normalise_features else nn.Identity()
        self.head = nn.Sequential(norm, nn.Linear(width, classes))
        self.projector = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, self.projection_dim))
        self.register_buffer("mean", torch.full((classes,), 1 / classes))
        graph = (self.neighbours, self.alpha, self.temperature)
        self.labelled = LabelledBank(context.train_examples, self.projection_dim, classes, *graph)
        self.earlier = Queue(self.queue_length, self.projection_dim)
        self.earlier_classes = Queue(self.queue_length, classes)
        self.earlier_classes.items.zero_()

    def followed(self) -> nn.ModuleList:
        return nn.ModuleList([self.encoder, self.head, self.projector])

    def decay(self) -> float:
        return self.momentum

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        self.labelled.classes.copy_(F.one_hot(training.labels, len(self.mean)))

    def stream_loss(self, batch: Batch, features: Tensor, *logits: Tensor) -> Tensor:
        taught, scores = self.taught(batch)
        with torch.no_grad():
            embeddings = embedded(taught, self.teacher[1], self.teacher[2]).to(self.mean)
        known, weak = embeddings.split([len(batch.labels), len(logits[0])])
        weak_logits = scores[len(batch.labels) :]
        p = aligned(weak_logits, self.mean)
        strong = embedded(features[-len(logits[1]) :], self.head, self.projector).to(self.mean)
        loss = self.consistency(weak, p, strong, logits[1])
        self.mean.lerp_(weak_logits.softmax(1).to(self.mean).mean(0), 1 - self.alignment)
        self.labelled.embeddings[batch.indices] = known
        self.earlier.push(weak)
        self.earlier_classes.push(p)
        return loss

    def consistency(self, weak: Tensor, p: Tensor, strong: Tensor, logits: Tensor) -> Tensor:
        """L_u of embeddings (M, D) of both views, the teacher's p (M, K) and the logits (M, K) of strong views."""
        nodes = sure_cross_entropy(logits, self.labelled.spread(weak, p), p.amax(1) >= self.threshold)
        # copies: the queues move on before the gradient is taken
        items, classes = self.earlier.items.clone(), self.earlier_classes.items.clone()
        scores = strong @ items.T / self.temperature
        wanted = (weak @ items.T / self.temperature).softmax(1)
        mixed = -(p * (scores.softmax(1) @ classes).clamp(min=1e-12).log()).sum(1).mean()
        loss = self.node_weight * nodes + self.edge_weight * F.cross_entropy(scores, wanted)
        # there is nothing to agree with before the first batch
        return loss + self.edge_node_weight * mixed if self.earlier_classes.pushed else loss

    def features(self, inputs: Tensor) -> Tensor:
        """(B, F) as classifier and projector have them: normalised."""
        return next(self.head.children())(self.encoder(inputs))

    def pseudo_labels(self, plain: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        found = self.beliefs(plain)
        return found["spread"].argmax(1), found["own"].amax(1) >= self.threshold

    def beliefs(self, plain: Tensor) -> dict[str, Tensor]:
        """`own`: p. `spread`: y, by embeddings of labelled inputs as the teacher last had them."""
        features = self.encoder(plain)
        p = aligned(self.logits(features), self.mean)
        return {"own": p, "spread": self.labelled.spread(embedded(features, self.head, self.projector).to(p), p)}


def embedded(features: Tensor, head: nn.Module, projector: nn.Module) -> Tensor:
    """(M, D) of unit length, of features (M, F) after the head's first module."""
    return F.normalize(projector(next(head.children())(features)))
