"""Cross-entropy whose answer is an average of the weights along the way."""

from typing import ClassVar

from pipeline.contract import Context, TrainingSet, nn
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.ema import follower
from pipeline.ops.weight_averages import put, renew_statistics


class Averaged(CrossEntropy):
    """After the last epoch the average takes the weights' place, and running statistics of batch normalisation are
    taken anew from the training images as they are. Members fill `average` in `after_step`."""

    phases = (1.0, 0.0)
    training_only: ClassVar[tuple[str, ...]] = ("average",)

    def build(self, context: Context) -> None:
        super().build(context)
        self.average = follower(self.learning)

    @property
    def learning(self) -> nn.ModuleList:
        """What learns."""
        return nn.ModuleList([self.encoder, self.head])

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            put(self.average, self.learning)
            renew_statistics(self.encoder, training.plain())
