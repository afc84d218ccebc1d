"""Perceptually aligned gradients towards the nearest image of a class: the least change that makes sense."""

import torch

from pipeline.contract import Context, Tensor, TrainingSet
from pipeline.methods.aligned_gradients import AlignedGradients


class PAGNearest(AlignedGradients):
    """g(x, c) = NN_c(x) - x, with NN_c(x) the training image of class c next to x in l_2 (section 4, "nearest
    neighbour"), never x itself, which would leave no direction.

    The neighbours of all training images are found once, before training.
    """

    paper = "pag"
    training_only = (*AlignedGradients.training_only, "bank", "nearest")
    bank: Tensor
    nearest: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        count = context.train_examples
        self.register_buffer("bank", torch.zeros(count, *context.inputs.shape))
        self.register_buffer("nearest", torch.zeros(count, context.num_classes, dtype=torch.int64))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        super().start_phase(phase, training)
        torch.cat(list(training.plain()), out=self.bank)
        rows = (self.bank / self.inputs.scale.to(self.bank)).flatten(1)
        places = torch.arange(len(rows), device=rows.device)
        for label in range(self.num_classes):
            members = places[training.labels == label]
            for part in places.split(1000):
                # half the squared distance, but for what is the same for all members
                distances = 0.5 * rows[members].square().sum(1) - rows[part] @ rows[members].T
                distances[part[:, None] == members] = float("inf")
                self.nearest[part, label] = members[distances.argmin(1)]

    def destinations(self, images: Tensor, classes: Tensor, indices: Tensor) -> Tensor:
        return self.bank[self.nearest[indices, classes]].to(images.dtype)
