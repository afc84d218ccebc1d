"""Steps scaled by an estimate of the Hessian's diagonal, as long as the gradient's change over the last step allows."""

from collections.abc import Sequence

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.second_order import SecondOrder
from pipeline.ops.curvature import Surface
from pipeline.ops.vectors import flat

NEVER = 1e30


class Oasis(SecondOrder):
    """OASIS: w <- w - eta D^-1 g with D_t = max(|b D_{t-1} + (1 - b) z * (H z)|, alpha), z of random signs, and

        eta_t = min(sqrt(1 + theta_{t-1}) eta_{t-1}, |w_t - w_{t-1}|_D / (2 |g(w_t) - g(w_{t-1})|_{D^-1})),

    theta_t = eta_t / eta_{t-1}; both gradients are of today's batch, and H its Hessian. eta_0 is `start`
    times the study's rate, whose schedule is ignored after the first step, and theta_0 is infinite. The average D
    starts as the mean of `probes` products at the first batch. b and alpha are within the ranges of the
    paper, as others' code has them; its authors' could not be found. Weight decay is ignored.

    `adaptive_rate` off keeps the study's rate and schedule in place of eta; `scaled` off has D = 1, the adaptive
    gradient descent of Malitsky and Mishchenko (2020).
    """

    paper = "oasis"
    training_only = ("diagonal", "before", "rate", "growth", "seen")
    decay: float = setting(0.99, low=0.0, high=1.0)
    alpha: float = setting(0.01, low=1e-12)
    probes: int = setting(100, low=1)
    start: float = setting(1.0, unit="of the study's rate", low=0.0)
    adaptive_rate: bool = setting(True)
    scaled: bool = setting(True)

    diagonal: Tensor
    before: Tensor
    rate: Tensor
    growth: Tensor
    seen: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        for name, start in (("diagonal", 0 * self.point), ("before", 0 * self.point)):
            self.register_buffer(name, start)
        for name, start in (("rate", torch.zeros(())), ("growth", torch.full((), NEVER)), ("seen", torch.zeros(()))):
            self.register_buffer(name, start)

    def step(self, batch: Batch, optimizers: Sequence[torch.optim.Optimizer], epoch: int) -> Tensor:
        surface = Surface(lambda: [self.loss(batch)], self.learnt)
        here, first = surface.point, not self.seen
        loss = self.loss(batch)
        slopes = torch.autograd.grad(loss, surface.weights, create_graph=self.scaled)
        gradient, scale = flat(slopes).detach(), torch.ones_like(here)
        if self.scaled:
            drawn = [self._drawn(surface, slopes) for _ in range(self.probes if first else 1)]
            self.diagonal.lerp_(torch.stack(drawn).mean(0), 1.0 if first else 1 - self.decay)
            scale = self.diagonal.abs().clamp_min(self.alpha)
        if first or not self.adaptive_rate:
            self.rate.fill_(self.start * optimizers[0].param_groups[0]["lr"])
        else:
            moved = here - self.before
            with surface.moved(-moved):
                turned = gradient - surface.slope()
            flattest = moved.square().mul(scale).sum().sqrt() / (2 * turned.square().div(scale).sum().sqrt() + 1e-30)
            rate = torch.minimum((1 + self.growth).sqrt() * self.rate, flattest)
            self.growth.copy_(rate / self.rate)
            self.rate.copy_(rate)
        self.before.copy_(here)
        self.seen.fill_(1.0)
        with torch.no_grad():
            torch._foreach_sub_(surface.weights, surface.split(self.rate * gradient / scale))
        return loss.detach()

    def _drawn(self, surface: Surface, slopes: Sequence[Tensor]) -> Tensor:
        """(d,) z * (H z), whose mean over z is the Hessian's diagonal."""
        z = torch.randint(0, 2, surface.point.shape).to(surface.point) * 2 - 1
        return z * flat(torch.autograd.grad(slopes, surface.weights, surface.split(z), retain_graph=True))
