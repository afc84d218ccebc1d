"""FlexMatch: FixMatch whose threshold is lower for classes that have been learned less."""

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.ops.pseudo_labels import pseudo_labels


class FlexMatch(FixMatch):
    """Curriculum pseudo labelling: T(c) = M(beta_c) tau, beta_c = sigma_c / max(max_c sigma_c, N - sum_c sigma_c).

    sigma_c counts the N unlabelled inputs whose last sure pseudo-label, of tau or more, was c; those that have had none
    are the warm-up, so that thresholds rise from 0. M(x) = x / (2 - x), the convex one of three, moves little where
    little is learned. A step goes by the counts before it, as in the authors' code. Without warm-up beta is relative to
    the class learned best.
    """

    paper = "flexmatch"
    warm_up: bool = setting(True)
    mapping: str = setting("convex", choices=("convex", "linear", "concave"))

    last: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.classes = context.num_classes
        self.register_buffer("last", torch.full((len(context.streams["unlabelled"]),), -1))

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        loss = super().unlabelled_loss(batch, *logits)
        classes, sure = pseudo_labels(logits[0], self.threshold)
        self.last[batch.indices[sure]] = classes[sure]
        return loss

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        confidence, classes = logits.detach().softmax(1).max(1)
        return classes, confidence >= self.thresholds()[classes]

    def thresholds(self) -> Tensor:
        """(K,) by how much of each class has been learned."""
        unused, *counts = torch.bincount(self.last + 1, minlength=self.classes + 1)
        learned = torch.stack(counts).float()
        most = torch.stack([learned.max(), unused.float() * self.warm_up]).max()
        return self.threshold * MAPPINGS[self.mapping](learned / most.clamp(min=1))


MAPPINGS = {
    "convex": lambda x: x / (2 - x),
    "linear": lambda x: x,
    "concave": lambda x: (x + 1).log() / torch.tensor(2.0).log(),
}
"""All rise from 0 to 1."""
