"""Happy: old and new classes get their share of the answers, and noisy prototypes of old classes keep them alive."""

import copy

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.continual_discovery import Continual
from pipeline.methods.discovery import missing
from pipeline.ops.kmeans import embedded
from pipeline.ops.semi_supervised_kmeans import semi_supervised_kmeans


class Happy(Continual):
    """L = H(q', p) + w_1 (log 2 - H(s)) + (log K_old - H(mean p | old)) + (log K_new - H(mean p | new)) + InfoNCE
    + L_proto + mean |h - h'|^2 in a session: s is how mean p is shared among all classes seen before and the session's.

    L_proto is cross-entropy of mu_c + N(0, r^2 I), as many as images in a batch, where c is drawn by softmax(mean
    cosine of mu_c with the other prototypes / 0.1), hard classes more often. mu_c are unit class means: of labelled
    images after the first phase, of those predicted c after a session; earlier ones stay as they are. r^2 is the mean
    over old classes of tr Cov / F. h and h' are unit features now and before the session. A session's K_new prototypes
    begin at those of K centres of its features, by k-means, whose greatest cosine with a prototype in use is least.

    Defaults of the authors' code; w_1 is 2 there and 1 in the README's command for CIFAR-100. h' is by the running
    statistics of batch normalisation, which their encoders do not have. The code goes on from the epoch of each session
    that is best on test images; here it is the last one. With `hardness` off classes are drawn alike, with `guided` off
    new prototypes begin at random.
    """

    paper = "happy"
    training_only = ("projector", "previous", "means", "spread")

    share_weight: float = setting(2.0, low=0.0)
    inner_weight: float = setting(1.0, low=0.0)
    prototype_weight: float = setting(1.0, low=0.0)
    distance_weight: float = setting(1.0, low=0.0)
    hardness_temperature: float = setting(0.1, unit="cosine", low=1e-3)
    hardness: bool = setting(True)
    guided: bool = setting(True)

    means: Tensor
    """(K, F) mu of the classes so far."""
    spread: Tensor
    """() r."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.phases = tuple(part for share in self.phases for part in (share, 0.0))

    def build(self, context: Context) -> None:
        super().build(context)
        self.previous = copy.deepcopy(self.encoder).requires_grad_(False)
        self.register_buffer("means", torch.zeros(self.classes, context.feature_dim))
        self.register_buffer("spread", torch.zeros(()))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase % 2:
            self.look_back(training)
        elif phase:
            self.start_session(training)

    def start_session(self, training: TrainingSet) -> None:
        self.previous.load_state_dict(self.encoder.state_dict())
        before = int(self.used)
        super().start_session(training)
        if not self.guided:
            return
        features = F.normalize(embedded(self.encoder, training.plain()))
        centres, _ = semi_supervised_kmeans(features, features[:0], training.labels[:0], int(self.used))
        strangest = self.head(centres)[:, :before].amax(1).topk(self.arriving, largest=False).indices
        fresh = self.head.weight.data[before : int(self.used)]
        fresh.copy_(F.normalize(centres[strangest]) * fresh.norm(dim=1).mean())

    def look_back(self, training: TrainingSet) -> None:
        """After a phase, at its images: the prototypes of its classes, and at first the spread about them."""
        features, used = F.normalize(embedded(self.encoder, training.plain())), int(self.used)
        first = used == self.old
        classes = training.labels if first else self.head(features)[:, :used].argmax(1)
        for c in range(0 if first else used - self.arriving, used):
            members = features[classes == c]
            self.means[c] = F.normalize(members.mean(0) if len(members) else self.head.weight[c], dim=0)
        if first:
            parts = [features[classes == c].var(0, correction=0).mean() for c in range(used)]
            self.spread.copy_(torch.stack(parts).mean().sqrt())

    def session_loss(self, batch: Batch, features: Tensor, first: Tensor, second: Tensor) -> Tensor:
        with torch.no_grad():
            before = F.normalize(self.previous.eval()(torch.cat(batch.views)))
        distance = (F.normalize(features) - before).square().sum(1).mean()
        loss = self.distillation(first, second) + self.soft_entropy(torch.cat([first, second]) / self.temperature)
        return loss + self.prototype_weight * self.prototype_loss(len(first)) + self.distance_weight * distance

    def soft_entropy(self, logits: Tensor) -> Tensor:
        mean = logits.softmax(1).mean(0)
        old, new = mean[: -self.arriving], mean[-self.arriving :]
        shares = torch.stack([old.sum(), new.sum()])
        inner = missing(old / shares[0]) + missing(new / shares[1])
        return self.share_weight * missing(shares) + self.inner_weight * inner

    def prototype_loss(self, count: int) -> Tensor:
        means = self.means[: int(self.used) - self.arriving]
        classes = torch.multinomial(self.difficulty(means), count, replacement=True)
        noisy = means[classes] + self.spread * torch.randn(count, means.shape[1], device=means.device)
        return F.cross_entropy(self.head(noisy)[:, : int(self.used)] / self.temperature, classes)

    def difficulty(self, means: Tensor) -> Tensor:
        """(K_old,) with which probability each class is drawn, of unit prototypes."""
        cosines = means @ means.T
        alike = (cosines.sum(1) - cosines.diagonal()) / max(1, len(means) - 1)
        return (alike / self.hardness_temperature * self.hardness).softmax(0)
