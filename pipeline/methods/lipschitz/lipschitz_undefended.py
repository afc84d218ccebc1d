"""Cross-entropy alone, certified by the network's Lipschitz constant: what nobody has kept small certifies nothing."""

import torch.nn.functional as F

from pipeline.contract import Tensor
from pipeline.methods.lipschitz import Lipschitz


class LipschitzUndefended(Lipschitz):
    """L = CE(z, y), on the network that the others of the family have."""

    paper = "liresnet"

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)
