"""Classifiers made of two trained ones: one is accurate, the other robust, and their probabilities are mixed."""

from typing import ClassVar, Self

from pipeline.contract import Bundle, Context, Tensor, nn, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.mixture import log_mixed


class Mixed(Classifier):
    """f(x) = log((1 - a) softmax(s_g g(x)) + a softmax(s_h h(x))), g the accurate base and h the robust one.

    Both stay as their runs have left them and are never in training mode. Members say what a is. What is attacked is f:
    the encoder is the identity, so that gradients with respect to the image go through both bases and through a. What
    is counted as a pass is one of both bases.
    The scales s, 1 in the formula, are those of the same authors' public code, which has others for each pair of bases.
    """

    builds_on: ClassVar[bool] = True
    bases: ClassVar[tuple[str, ...]] = ("accurate", "robust")
    requires = ("base_kind == 'classifier'", "base_num_classes == num_classes", "base_shape == shape")
    training_only = ("accurate", "robust")  # the bases' own runs keep their weights
    accurate: Classifier
    robust: Classifier
    accurate_scale: float = setting(1.0, low=1e-3)
    robust_scale: float = setting(1.0, low=1e-3)

    def build(self, context: Context) -> None:
        assert isinstance(context.base, Bundle)
        accurate, robust = (context.base[name] for name in self.bases)
        assert isinstance(accurate, Classifier) and isinstance(robust, Classifier)
        self.encoder, self.accurate, self.robust = nn.Identity(), accurate, robust

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.accurate.eval()
        self.robust.eval()
        return self

    def robust_share(self, views: Tensor) -> Tensor:
        """(B, 1) a, the share of the robust base, for each of the views (B, ...)."""
        raise NotImplementedError

    def logits(self, features: Tensor) -> Tensor:
        """(B, K) log-probabilities of the views themselves."""
        return log_mixed(*self.base_logits(features), self.robust_share(features))

    def base_logits(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K) scaled logits of the accurate base and of the robust one."""
        accurate, robust = (base.logits(base.encoder(views)) for base in (self.accurate, self.robust))
        return self.accurate_scale * accurate, self.robust_scale * robust
