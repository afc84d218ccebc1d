"""Each class has a learned point, and an image must be nearer to its own than to the others: no pairs are needed."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import ClassCentres


class ProxyNCA(ClassCentres):
    """Equation 3: L = -log exp(-s d(x, p_y)) / sum_{j != y} exp(-s d(x, p_j)), d the squared distance of unit vectors.

    The own proxy is not in the sum, as in the text; libraries have it there, which makes it the normalised softmax.
    Without s, that is at 1, d in [0, 4] gives flat gradients: 3 is ours, and it is searched.
    """

    paper = "proxy_nca"
    scale: float = setting(3.0, unit="per squared distance", low=1e-3)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        exponents = self.scale * (2 * cosines - 2)
        own = labels[:, None]
        others = exponents.scatter(1, own, -torch.inf).logsumexp(1)
        return (others - exponents.gather(1, own).squeeze(1)).mean()
