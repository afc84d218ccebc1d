"""A surrogate is taught to think little of the designs that a search would end at."""

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.surrogate.gradient_ascent import GradientAscent


class Coms(GradientAscent):
    """L = (g(x) - y)^2 + alpha (g(x') - g(x)), x' being where gradient ascent on g ends that begins at x, a constant.

    Conservative objective models of Trabucco et al. (2021), which no paper of the catalogue is the source of. log alpha
    climbs alpha (g(x') - g(x) - tau) by Adam, so that predictions are tau too high at x' at most. alpha, its rate and
    tau are those that the authors of IGNITE have for continuous designs, 50 steps of 0.05 sqrt(F) too, in training and
    in the search alike; fewer and longer steps in training reach as far. No entropy of designs is added, as there.
    """

    paper = ""
    alpha: float = setting(0.1, low=1e-6)
    alpha_rate: float = setting(0.01, unit="per step, of log alpha", low=0.0)
    tau: float = setting(0.5, unit="deviations of the known values", low=0.0)
    particle_steps: int = setting(50, low=1)
    particle_rate: float = setting(0.05, unit="deviations of a column, for one column", low=0.0)

    dual: Tensor
    """log alpha, Adam's two moments of its slope, and steps taken."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("dual", torch.tensor([self.alpha, 0.0, 0.0, 0.0]))
        self.dual[0].log_()

    def loss(self, batch: Batch) -> Tensor:
        views = batch.views[0]
        reached = self.search(views, self.particle_steps, self.particle_rate, torch.default_generator)[-1]
        known, beyond = self.score(torch.cat([views, reached.detach()])).chunk(2)
        excess = (beyond - known).mean()
        alpha = float(self.dual[0].exp())
        self.price(alpha * (self.tau - float(excess.detach())))
        return self.objective(known, batch.labels) + alpha * excess

    @torch.no_grad()
    def price(self, slope: float) -> None:
        """Adam's step of log alpha down a slope."""
        log, first, second, count = self.dual
        count += 1
        first.lerp_(torch.full_like(first, slope), 0.1)
        second.lerp_(torch.full_like(second, slope**2), 0.001)
        log -= self.alpha_rate * (first / (1 - 0.9**count)) / ((second / (1 - 0.999**count)).sqrt() + 1e-7)
