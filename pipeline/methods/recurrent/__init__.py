"""Recurrent networks trained through time: what becomes of gradients that explode or vanish along a sequence."""

from pipeline.contract import Context, Tensor, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.recurrence import Recurrence
from pipeline.ops.spectra import spectral_radius
from pipeline.ops.vectors import flat


class Recurrent(CrossEntropy):
    """Cross-entropy of the last state of the encoder `rnn`, in which `Recurrence` has the recurrent weights W.

    Members change the gradients between backward and the step, in `changed`. The norm over all parameters, before that,
    is observed: its mean and its largest value in an epoch, and the spectral radius of W at that step.
    """

    requires = ("encoder == 'rnn'",)
    training_only = ("norms", "largest", "weights_there")

    norms: Tensor
    largest: Tensor
    weights_there: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("norms", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("largest", torch.zeros((), dtype=torch.float64))
        self.register_buffer("weights_there", self.recurrent.detach().clone())

    @property
    def recurrence(self) -> Recurrence:
        found = self.encoder.get_submodule("blocks.0")
        assert isinstance(found, Recurrence)
        return found

    @property
    def recurrent(self) -> Tensor:
        """W, (units, units)."""
        return self.recurrence.recurrent

    def changed(self, norm: Tensor) -> None:
        """Change the gradients, whose norm over all parameters is given."""

    @torch.no_grad()
    def after_backward(self, epoch: int) -> None:
        norm = flat(p.grad for p in self.parameters() if p.grad is not None).norm()
        if norm.isfinite():
            self.norms += torch.stack([norm.double(), torch.ones_like(norm.double())])
            if norm > self.largest:
                self.largest.copy_(norm)
                self.weights_there.copy_(self.recurrent)
        self.changed(norm)

    def observed(self) -> dict[str, float]:
        total, count = self.norms.tolist()
        found = {
            "gradient_norm": total / max(count, 1),
            "gradient_largest": float(self.largest),
            "radius_at_largest": spectral_radius(self.weights_there),
            "spectral_radius": spectral_radius(self.recurrent),
        }
        self.norms.zero_()
        self.largest.zero_()
        return found


class Clipped(Recurrent):
    """g <- tau g / |g| where |g| > tau (algorithm 1), the norm over all parameters together.

    As in the authors' code, W shrinks by 2% of the rate where the norm is not finite or above 1e10, and nothing else
    moves. Members set the default of `tau` to their paper's.
    """

    tau: float
    BEYOND = 1e10
    SHRINK = 0.02

    def changed(self, norm: Tensor) -> None:
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        if norm.isfinite() and norm <= self.BEYOND:
            torch._foreach_mul_(gradients, float((self.tau / norm).clamp(max=1.0)))
            return
        torch._foreach_zero_(gradients)
        assert self.recurrent.grad is not None
        self.recurrent.grad.copy_(self.SHRINK * self.recurrent)
