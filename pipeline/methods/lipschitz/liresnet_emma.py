"""EMMA: cross-entropy of logits that every wrong class has raised as far as it can within the radius."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.lipschitz import Lipschitz


class LiResNetEMMA(Lipschitz):
    """L = CE(z_j + e_j K_jy, y), e_j = clip((z_y - z_j) / K_jy, least e, e), detached; section 5.

    Where class j can overtake y within e, it is raised as far as z_y and no further. `least` stands for the small
    positive number that the paper does not leave e_j below. `clip = false` is the authors' released code, which
    raises every class by e K_jy.
    """

    paper = "liresnet"
    clip: bool = setting(True)
    least: float = setting(0.001, unit="radius", low=0.0, high=1.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        constants, reach = self.constants(labels), self.reach
        if not self.clip:
            return F.cross_entropy(logits + reach * constants, labels)
        behind = (logits.gather(1, labels[:, None]) - logits) / constants.clamp_min(1e-30)
        reaches = behind.detach().clamp(self.least * reach, reach)
        return F.cross_entropy(logits + reaches * constants, labels)
