"""k-means of the features of a pretrained encoder, which knows of no label."""

from pipeline.contract import Context, TrainingSet
from pipeline.methods.discovery import Clustered


class KMeansFrozen(Clustered):
    """K centres of unit features of all training images, labelled or not, by k-means; the best of ten starts. Textbook.

    The encoder is the base's as it is: what others gain beyond this they have learned.
    """

    paper = ""
    builds_on = True
    requires = ("base_encoder == encoder", "base_shape[0] == shape[0]")
    with_labels = False
    phases = (0.0,)

    def build(self, context: Context) -> None:
        super().build(context)
        assert context.base is not None
        self.encoder.load_state_dict(context.base.encoder.state_dict())
        self.register_centres(context.feature_dim)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        self.cluster(training)
