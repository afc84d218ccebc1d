"""Each of two gradients loses what it has against the running mean of the other."""

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.auxiliary import Auxiliary, along


class PcGradEma(Auxiliary):
    """PCGrad (Yu et al. 2020) in the authors' form.

    g - min(<g, a> / |a|^2, 0) a + lambda (h - min(<h, m> / |m|^2, 0) m), where a and m are averages of h and g with
    weight `ema` for today's; 1 in the authors' example, which is PCGrad itself. As in their code, a starts as the first
    g.
    """

    paper = "bloop"
    training_only = ("main", "seen", "auxiliary")
    ema: float = setting(1.0, low=0.0, high=1.0)

    auxiliary: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("auxiliary", torch.zeros_like(self.main))

    def combine(self, main: Tensor, auxiliary: Tensor) -> Tensor:
        if self.seen == 1:
            self.auxiliary.copy_(main)
        self.auxiliary.lerp_(auxiliary, self.ema)
        kept = main - along(main, self.auxiliary, 0.0)
        return kept + self.strength * (auxiliary - along(auxiliary, self.main, 0.0))
