"""Perceptually aligned gradients towards a single image: one example of a class stands for all of it."""

import torch

from pipeline.contract import Context, Tensor, TrainingSet
from pipeline.methods.aligned_gradients import AlignedGradients


class PAGOneImage(AlignedGradients):
    """g(x, c) = r_c - x, with r_c a training image of class c, drawn once (section 4, "one image")."""

    paper = "pag"
    training_only = (*AlignedGradients.training_only, "examples")
    examples: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("examples", torch.zeros(context.num_classes, *context.inputs.shape))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        super().start_phase(phase, training)
        for label in range(self.num_classes):
            places = (training.labels == label).nonzero().flatten()
            chosen = places[torch.randint(len(places), (1,)).to(places.device)]
            self.examples[label] = next(iter(training.plain(training.inputs[chosen])))[0]

    def destinations(self, images: Tensor, classes: Tensor, indices: Tensor) -> Tensor:
        return self.examples[classes].to(images.dtype)
