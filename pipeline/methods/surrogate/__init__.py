"""Surrogates of an unknown function: fitted to the designs that are known, and searched for better ones.

Values are standardised, and so are the columns of designs. What a search ends at is made a design of the space by the
protocol: clipped to its box, or the letter of each place whose column is greatest.
"""

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.regression.l2 import L2
from pipeline.ops.sharpness import ascent, displaced


class Surrogate(L2):
    """An encoder and a linear head, fitted by squared error, and gradient ascent on what it predicts.

    Members override `score`, `search`, `loss` or `backward`.
    """

    kind = "surrogate"

    def score(self, designs: Tensor) -> Tensor:
        """(B,) what designs, as views (B, F), are taken for, and what a search climbs."""
        return self.predict(self.encoder(designs))

    def slopes(self, designs: Tensor) -> Tensor:
        """(B, F) gradients of each design's score by the design."""
        designs = designs.detach().requires_grad_()
        return torch.autograd.grad(self.score(designs).sum(), designs)[0]

    def search(self, starts: Tensor, steps: int, rate: float, draws: torch.Generator) -> list[Tensor]:
        """Views (D, F) from the starts on, after each step: x <- x + rate sqrt(F) grad score(x), each by itself."""
        rate, path = rate * starts.shape[1] ** 0.5, [starts]
        for _ in range(steps):
            path.append(path[-1] + rate * self.slopes(path[-1]))
        return path


class GradientNorm(Surrogate):
    """A mixin, to stand before a surrogate: its loss L, and a weight times rho |grad_w G|.

    G is the mean score of the batch's designs and w are the weights that it reaches. The gradient of the norm, the
    Hessian of G times u = grad G / |grad G|, is taken by a difference, as in the authors' code:

        (rho / r) (grad G(w + r u) - grad G(w)).

    It is a step of three passes in place of one. Members say the weight, and what becomes of it.
    """

    rho: float = setting(0.05, unit="L2 norm over all weights", low=0.0)
    r: float = setting(0.05, unit="L2 norm over all weights", low=1e-6)

    def weight(self) -> float:
        """lambda at this step."""
        raise NotImplementedError

    def measured(self, norm: Tensor) -> None:
        """Told |grad G| of the batch at the weights before the step."""

    def backward(self, batch: Batch) -> Tensor:
        loss = super().backward(batch)
        reached = [parameter for parameter in self.parameters() if parameter.grad is not None]
        gradients = [parameter.grad for parameter in reached if parameter.grad is not None]
        slopes = self._slopes(batch, reached)
        with displaced(list(reached), ascent(slopes, self.r)):
            beyond = self._slopes(batch, reached)
        factor = self.weight() * self.rho / self.r
        torch._foreach_add_(gradients, torch._foreach_sub(beyond, slopes), alpha=factor)
        self.measured(torch.nn.utils.get_total_norm(slopes))
        return loss

    def _slopes(self, batch: Batch, weights: list[torch.nn.Parameter]) -> list[Tensor]:
        """grad G by the weights; zeros where it does not reach."""
        score = self.score(batch.views[0]).mean()
        return list(torch.autograd.grad(score, weights, allow_unused=True, materialize_grads=True))
