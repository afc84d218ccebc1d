"""GCD: contrast of all images and of those with labels, then k-means in which labelled images stay with their class."""

from pipeline.contract import Batch, Context, Tensor, TrainingSet
from pipeline.methods.discovery import Clustered, PretrainedDiscoverer


class GCD(Clustered, PretrainedDiscoverer):
    """L = (1 - lambda) L_u + lambda L_s, equation 3, then semi-supervised k-means of unit features.

    The projection head is dropped before clustering. The authors' code takes the best of 100 starts, here of ten.
    """

    paper = "gcd"
    phases = (1.0, 0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_centres(context.feature_dim)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == len(self.phases) - 1:
            self.cluster(training)

    def loss(self, batch: Batch) -> Tensor:
        return self.contrast(*self.encoded(batch))
