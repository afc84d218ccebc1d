"""Adam whose weight decay shrinks weights directly in place of passing through the moments."""

from pipeline.contract import setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops import counted


class AdamW(Optimised):
    """w <- (1 - lr wd) w - lr m^ / (sqrt(v^) + 1e-8) (Loshchilov and Hutter 2019, algorithm 2). torch's own.

    Weight decay is the default of Wortsman et al. (2023) divided by 20, since rates here are not theirs; it is on
    matrices and kernels.
    `clip` limits the norm of the gradient over all parameters before each step; 0 is without.
    """

    paper = ""
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.999, low=0.0, high=0.99999)
    decay: float = setting(0.01, unit="per unit of the learning rate", low=0.0)
    clip: float = setting(0.0, unit="L2 norm over all parameters, 0 for none", low=0.0)

    def decayed(self, groups: Groups) -> Groups:
        """The groups with this weight decay where weights are decayed at all: matrices and kernels."""
        return [{**g, "weight_decay": self.decay if g["params"][0].ndim > 1 else 0.0} for g in groups]

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        return counted.AdamW(self.decayed(groups), betas=(self.beta1, self.beta2), fused=True)

    def after_backward(self, epoch: int) -> None:
        if self.clip:
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.clip)
