"""A robust classifier's probabilities are mixed with an accurate one's, in shares that are the same for all images."""

from pipeline.contract import Tensor, setting
from pipeline.methods.mixed import Mixed


class MixedClassifier(Mixed):
    """a(x) = alpha, a number. Nothing is trained.

    Where alpha >= 1/2 and the probabilities of h are ahead by (1 - alpha) / alpha throughout a ball, no point of it is
    answered otherwise, whatever g says (`pipeline/ops/mixture.py` has the radii). alpha = 0.8 is ours: h must be ahead
    by a quarter. alpha = 0 is g and alpha = 1 is h, exactly: the other base is not asked then, nor is a scale applied,
    which changes no answer (the authors' later code applies it).
    `mix = "logits"` is an ablation, (1 - alpha) g + alpha h.
    """

    paper = "mixed_classifier"
    trains = False
    alpha: float = setting(0.8, low=0.0, high=1.0)
    mix: str = setting("probabilities", choices=("probabilities", "logits"))

    def robust_share(self, views: Tensor) -> Tensor:
        return views.new_full((len(views), 1), self.alpha)

    def logits(self, features: Tensor) -> Tensor:
        if self.alpha in (0.0, 1.0):
            base = self.robust if self.alpha else self.accurate
            return base.logits(base.encoder(features))
        if self.mix == "logits":
            accurate, robust = self.base_logits(features)
            return (1 - self.alpha) * accurate + self.alpha * robust
        return super().logits(features)
