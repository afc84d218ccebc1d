"""A surrogate is trained under a bound on its sharpness, whose price is learned along with it."""

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.surrogate import GradientNorm
from pipeline.methods.surrogate.gradient_ascent import GradientAscent


class Ignite(GradientNorm, GradientAscent):
    """min_w L subject to rho |grad_w mean g(x)| <= epsilon, by gradient descent in w and ascent in lambda.

        lambda <- lambda + eta (rho |grad_w mean g(x)| - epsilon)

    after every step, from the norm before it. As in the authors' code lambda is not kept from falling below 0, where
    it rewards sharpness. rho, r, eta, epsilon and the first lambda are those of the authors' scripts; epsilon is 0.001
    unless these say otherwise.
    """

    paper = "ignite"
    penalty: float = setting(0.001, low=0.0)
    eta: float = setting(0.001, unit="per step", low=0.0)
    epsilon: float = setting(0.1, unit="rho times a norm", low=0.0)

    multiplier: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("multiplier", torch.tensor(self.penalty))

    def weight(self) -> float:
        return float(self.multiplier)

    def measured(self, norm: Tensor) -> None:
        with torch.no_grad():
            self.multiplier += self.eta * (self.rho * norm - self.epsilon)
