"""Mean Teacher: what is predicted of one view of an input is what an average of the weights predicts of another."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.semi_supervised import Taught, risen


class MeanTeacher(Taught):
    """J = E |f(x, theta', eta') - f(x, theta, eta)|^2 of section 2: two views eta, eta' of one augmentation.

    f are softmax outputs, the square is averaged over classes as in the authors' code, and theta' has no gradient. The
    weight and a linear ramp to 0.4 of training are those of the benchmark USB (whose own mean teacher compares the
    teacher with itself, without gradient); the paper has exp(-5 (1 - t)^2), and 100 for CIFAR-10. Its consistency is of
    labelled inputs too: here the stream has them among its own. Nothing is given a label.
    """

    paper = "mean_teacher"
    streams = {"unlabelled": ("full", "full")}
    unlabelled_weight: float = setting(50.0, low=0.0)
    ramp_end: float = setting(0.4, unit="share of training", low=0.0, high=1.0)

    def ramp(self) -> float:
        return risen(self.progress, self.ramp_end)

    def stream_loss(self, batch: Batch, features: Tensor, *logits: Tensor) -> Tensor:
        wanted = self.taught(batch)[1][len(batch.labels) :].softmax(1)
        return (logits[1].softmax(1) - wanted).square().mean()
