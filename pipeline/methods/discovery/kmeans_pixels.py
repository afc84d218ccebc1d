"""k-means of pixels: what there is to be found without any learning."""

import math

from pipeline.contract import Context, Tensor, TrainingSet
from pipeline.methods.discovery import Clustered


class KMeansPixels(Clustered):
    """K centres of the training images' pixels, each image scaled to unit length; the best of ten starts. Textbook."""

    paper = ""
    with_labels = False
    phases = (0.0,)

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_centres(math.prod(context.inputs.shape))

    def features(self, inputs: Tensor) -> Tensor:
        return inputs.flatten(1)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        self.cluster(training)
