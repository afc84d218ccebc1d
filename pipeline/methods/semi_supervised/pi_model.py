"""The Pi-model: two views of an input are predicted alike."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.semi_supervised import SemiSupervised, risen


class PiModel(SemiSupervised):
    """L_u = w(t) / (K B) sum_i |z_i - z~_i|^2 of section 2.1: softmax outputs of two views of one augmentation.

    As in the authors' code both views have a gradient. Weight 10 and a linear ramp to 0.4 of training are those of the
    benchmark USB (where the first view has none); in the paper w grows as exp(-5 (1 - t)^2) in the first 80 of 300
    epochs, to 100 times the share of labelled inputs, and labelled inputs are in the sum: here they are in the stream.
    Dropout and noise, which the paper's network has beside augmentation, are not the study's.
    """

    paper = "pi_model"
    streams = {"unlabelled": ("full", "full")}
    unlabelled_weight: float = setting(10.0, low=0.0)
    ramp_end: float = setting(0.4, unit="share of training", low=0.0, high=1.0)

    def ramp(self) -> float:
        return risen(self.progress, self.ramp_end)

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        first, second = (part.softmax(1) for part in logits)
        return (first - second).square().mean()
