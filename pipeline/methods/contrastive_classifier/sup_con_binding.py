"""Every batch holds the same example of each class, which ties the batches' optima to one orthogonal frame."""

from typing import ClassVar

from pipeline.contract import Context, Tensor, TrainingSet, torch
from pipeline.methods.contrastive_classifier.sup_con_relu import SupConReLU


class SupConBinding(SupConReLU):
    """SupCon with ReLU on batches made of B - K shuffled examples and K bound ones, one of each class.

    The bound examples are drawn once, before training. The paper appends them to each batch; here they take K places
    of a batch of the same size, so that an epoch is as long but sees K / B fewer of the other examples, others each
    time. Bound examples are augmented anew in every batch, like the rest. The classifier's batches are not bound.
    """

    paper = "sup_con_geometry"
    requires = ("batch_size > num_classes",)
    training_only: ClassVar[tuple[str, ...]] = ("labels", "bound")

    bound: Tensor
    """(K,) places of the bound examples, of the classes that have any."""

    def build(self, context: Context) -> None:
        super().build(context)
        classes = sum(count > 0 for count in context.class_counts)
        self.batch_size = context.batch_size
        self.register_buffer("bound", torch.zeros(classes, dtype=torch.int64))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        super().start_phase(phase, training)
        if phase == 0:
            order = torch.randperm(len(training.labels)).to(training.labels.device)
            labels = training.labels[order]
            self.bound.copy_(torch.stack([order[labels == c][0] for c in labels.unique()]))

    def arrange(self, order: Tensor) -> Tensor:
        if self.phase:
            return super().arrange(order)
        steps, free = len(order) // self.batch_size, self.batch_size - len(self.bound)
        return torch.cat([order[: steps * free].view(steps, free), self.bound.expand(steps, -1)], 1).flatten()
