"""Perceptually aligned gradients: what makes a class more likely shall lead towards the mean image of the class."""

import torch

from pipeline.contract import Context, Tensor, TrainingSet
from pipeline.methods.aligned_gradients import AlignedGradients


class PAGClassMean(AlignedGradients):
    """g(x, c) = mu_c - x, with mu_c the mean training image of class c (section 4, "class mean")."""

    paper = "pag"
    training_only = (*AlignedGradients.training_only, "means")
    means: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("means", torch.zeros(context.num_classes, *context.inputs.shape))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        super().start_phase(phase, training)
        sums = torch.zeros_like(self.means, dtype=torch.float64)
        done = 0
        for views in training.plain():
            sums.index_add_(0, training.labels[done : done + len(views)], views.double())
            done += len(views)
        counts = torch.bincount(training.labels, minlength=self.num_classes).clamp_min(1)
        self.means.copy_(sums / counts.view(-1, *[1] * (sums.ndim - 1)))

    def destinations(self, images: Tensor, classes: Tensor, indices: Tensor) -> Tensor:
        return self.means[classes].to(images.dtype)
