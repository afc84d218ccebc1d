"""SimGCD: a classifier of old and new classes learns from its own sharper answer to another view of the image."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.discovery import Parametric, crossed, missing_entropy


class SimGCD(Parametric):
    """L_u = mean H(q', p) - epsilon H(mean p): section 4 of the paper.

    p = softmax(cos / 0.1) of a view, q' = softmax(cos / tau_t) of the image's other view, without gradient; tau_t falls
    linearly from 0.07 to 0.04 over the first 15% of training (30 of 200 epochs), here step by step. H(mean p) over both
    views of the batch is made large, against the collapse of classes. epsilon is 2 by default and 1 in the authors'
    CIFAR-10 script. Their projection head has three layers with GELU, here two with ReLU, as GCD's.
    """

    paper = "simgcd"
    entropy_weight: float = setting(2.0, low=0.0)
    teacher_start: float = setting(0.07, unit="cosine", low=1e-3)
    teacher_end: float = setting(0.04, unit="cosine", low=1e-3)
    teacher_ramp: float = setting(0.15, unit="share of training", low=0.0, high=1.0)

    def unsupervised(self, first: Tensor, second: Tensor) -> Tensor:
        temperature = self.teacher_temperature()
        targets = [(view.detach() / temperature).softmax(1) for view in (first, second)]
        first, second = first / self.temperature, second / self.temperature
        return crossed(first, second, targets) + self.entropy_weight * self.unevenness(torch.cat([first, second]))

    def unevenness(self, logits: Tensor) -> Tensor:
        """What keeps the mean answer from few classes, of logits (2 N, K)."""
        return missing_entropy(logits)

    def teacher_temperature(self) -> float:
        done = min(1.0, self.progress / self.teacher_ramp) if self.teacher_ramp else 1.0
        return self.teacher_start + done * (self.teacher_end - self.teacher_start)
