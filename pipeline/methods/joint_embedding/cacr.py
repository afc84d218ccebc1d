"""Views of an image attract each other the more the farther apart, other images repel the more the nearer."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.joint_embedding import SeveralViews


class CACR(SeveralViews):
    """L = sum_k softmax_k(t+ d(z, z_k+)) d(z, z_k+) - sum_j softmax_j(-t- d(z, z_j-)) d(z, z_j-), d = |z - z'|^2 of
    unit embeddings; attraction plus repulsion, each averaged over its queries.

    With K + 1 views every view is a query for attraction by the K others, and every pair of views x < y gives queries
    z_x repelled by the z_y of the other images, as in the public code for small data sets; gradient passes through
    the weights. t+ = t- = 0 makes them uniform. With two views there is one positive and its weight is 1. There the
    authors' K is 4, t+ is 1, and t- 0.9 on CIFAR-10 and 2 on CIFAR-100 and STL-10. Euclidean cost, without the
    code's optional RBF kernel and debiasing; the family's head, where that code has none.
    """

    paper = "cacr"
    positive_sharpness: float = setting(1.0, unit="per squared distance", low=0.0)
    negative_sharpness: float = setting(2.0, unit="per squared distance", low=0.0)

    def objective(self, *z: Tensor) -> Tensor:
        u = F.normalize(torch.stack(z).float(), dim=2)
        views = u.transpose(0, 1)
        attraction = weighted(2 - 2 * views @ views.mT, self.positive_sharpness)
        first, second = torch.triu_indices(len(u), len(u), 1, device=u.device)
        repulsion = weighted(2 - 2 * u[first] @ u[second].mT, -self.negative_sharpness)
        return attraction - repulsion


def weighted(distances: Tensor, sharpness: float) -> Tensor:
    """Mean over queries of distances (..., n, n), weighted by softmax(sharpness * distance) off the diagonal."""
    distances = distances.float()
    own = torch.eye(distances.shape[-1], dtype=torch.bool, device=distances.device)
    weights = (sharpness * distances).masked_fill(own, -torch.inf).softmax(-1)
    return (weights * distances).sum(-1).mean()
