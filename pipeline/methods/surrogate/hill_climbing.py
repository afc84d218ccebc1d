"""A surrogate is searched without its gradient: a design moves at random where it is thought to be better."""

from pipeline.contract import Tensor, torch
from pipeline.methods.surrogate.gradient_ascent import GradientAscent


class HillClimbing(GradientAscent):
    """x' = x + rate sqrt(F) z with z standard normal takes the place of x where g(x') > g(x), for each by itself.

    The simplest search of its kind, after CMA-ES in Design-Bench. No paper of the catalogue is its source.
    """

    paper = ""

    def search(self, starts: Tensor, steps: int, rate: float, draws: torch.Generator) -> list[Tensor]:
        rate, path, best = rate * starts.shape[1] ** 0.5, [starts], self.score(starts)
        for _ in range(steps):
            noise = torch.randn(starts.shape, generator=draws).to(starts)
            moved = path[-1] + rate * noise
            found = self.score(moved)
            path.append(torch.where((found > best)[:, None], moved, path[-1]))
            best = best.maximum(found)
        return path
