"""Gaussian classes with one covariance, which is regularised for having few examples."""

from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot import Frozen
from pipeline.ops.prototypes import gathered
from pipeline.ops.prototypes import means as means_of


class GDA(Frozen):
    """w_c = P m_c, b_c = -m_c P m_c / 2, P = D [(N - 1) S + tr(S) 1]^+ (Kubokawa and Srivastava), on unit features.

    m_c are class means, S the unbiased covariance of the N features about their classes' means, D the dimension; equal
    priors. The paper adds alpha times these scores to CLIP's zero-shot logits, and has ten augmented views of each
    image; here there is no text and one view, so that alpha changes nothing. Where S = 0, as with one shot, P = 1: the
    nearest mean. Without `ridge` P is the pseudo-inverse of S. In float64.
    """

    paper = "gda_clip"
    ridge: bool = setting(True)
    whitened: bool = setting(True)
    batch: ClassVar[int] = 100
    """Episodes whose matrices are inverted at once."""

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        parts = zip(*(part.split(self.batch) for part in (support, labels, queries)), strict=True)
        return torch.cat([self.scores(*part) for part in parts])

    def scores(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        points, asked = (F.normalize(part.double(), dim=2) for part in (support, queries))
        weights = F.one_hot(labels, int(labels.max()) + 1).to(points)
        means = means_of(points, weights)
        weights = means
        if self.whitened:
            centred = points - gathered(means, labels[..., None])[:, :, 0]
            weights = means @ self.precision(centred)
        return asked @ weights.mT - (weights * means).sum(2)[:, None] / 2

    def precision(self, centred: Tensor) -> Tensor:
        """P (E, D, D) of features about their classes' means (E, N, D)."""
        count, dimensions = centred.shape[1:]
        scatter = centred.mT @ centred
        unit = torch.eye(dimensions, dtype=centred.dtype, device=centred.device).expand_as(scatter)
        spread = scatter.diagonal(dim1=1, dim2=2).sum(1)[:, None, None] / max(count - 1, 1)
        degenerate = spread < 1e-12
        if self.ridge:
            found = dimensions * torch.linalg.inv(torch.where(degenerate, unit, scatter + spread * unit))
        else:
            found = torch.linalg.pinv(torch.where(degenerate, unit, scatter / max(count - 1, 1)), hermitian=True)
        return torch.where(degenerate, unit, found)
