"""Gradients without their part along the weights, which only scales the logits."""

from pipeline.contract import setting, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy


class PerpGrad(CrossEntropy):
    """Cross-entropy; g <- g - (<w, g> / <w, w>) w of each parameter tensor w before the optimiser's step.

    Of every tensor, as in the authors' code: kernels, matrices, and the scales and shifts of normalisation and head.
    Where batch normalisation follows, a kernel's gradient is orthogonal to it already. Momentum, and weight decay where
    a study has it, are added behind, in the optimiser. Their code also lengthens what is left to the length that the
    gradient had; the formula does not, so it is off here and `rescale` switches it on.
    """

    paper = "grokking_stability"
    rescale: bool = setting(False)

    @torch.no_grad()
    def after_backward(self, epoch: int) -> None:
        for w in self.parameters():
            if w.grad is None:
                continue
            length = w.grad.norm()
            # a tensor of zeros has no direction, and keeps its gradient
            w.grad -= (w * w.grad).sum() / (w * w).sum().clamp_min(1e-30) * w
            if self.rescale:
                w.grad *= length / w.grad.norm().clamp_min(1e-30)
