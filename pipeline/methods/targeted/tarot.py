"""Each target gets its nearest candidates in turn: what is kept can be transported to the targets at low cost."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.targeted import Targeted
from pipeline.ops.optimal_transport import sinkhorn, sphere_distance


class Tarot(Targeted):
    """Whitened feature distance d = sqrt(2 - 2 cos); layer k holds the k-th nearest candidate of every target.

    Of a given size: whole layers while they fit, and of the next those that the transport to the targets charges least
    for (the potential f). `estimate` finds the size: for each of `folds` parts of the targets the layers of its own
    targets, of cosines above zero, are added while the optimal transport cost between what is kept and the targets of
    all other parts falls; the choice is the union over the parts.

    The authors' code fills the last layer with the greatest potentials, of which each raises the cost; and where the
    cost rises it returns the set that raised it. Here the set before that, as the criterion says. Repeating examples by
    their potentials, which the code offers, is left out: every method sees what it keeps equally often.
    """

    paper = "tarot"
    estimate: bool = setting(False)
    folds: int = setting(10, unit="parts of the targets", low=2)
    blur: float = setting(0.01, unit="distance", low=1e-4)

    def nearest(self, candidates: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
        if self.estimate:
            order = torch.randperm(len(targets)).to(targets.device)
            parts = [part for part in order.chunk(self.folds) if len(part) < len(targets)]
            return torch.cat([self.fitting(candidates, targets, part) for part in parts]).unique()
        kept = torch.zeros(0, dtype=torch.int64, device=targets.device)
        for layer in (candidates @ targets.T).sort(dim=0, descending=True, stable=True).indices:
            fresh = layer.unique()
            fresh = fresh[~torch.isin(fresh, kept)]
            if len(kept) + len(fresh) > self.count:
                _, potential, _ = sinkhorn(sphere_distance(candidates[fresh], targets), self.blur)
                fresh = fresh[potential.topk(self.count - len(kept), largest=False).indices]
            kept = torch.cat([kept, fresh])
            if len(kept) == self.count:
                break
        return kept

    def fitting(self, candidates: Tensor, targets: Tensor, part: Tensor) -> Tensor:
        """The layers of some targets, given by their places, as long as the transport to the others gets cheaper."""
        others = torch.ones(len(targets), dtype=torch.bool, device=targets.device)
        others[part] = False
        scores, order = (candidates @ targets[part].T).sort(dim=0, descending=True, stable=True)
        best, least = order[:0, 0], torch.inf
        for layers in range(1, len(order) + 1):
            kept = order[:layers][scores[:layers] > 0].unique()
            if not len(kept):
                break
            cost, _, _ = sinkhorn(sphere_distance(candidates[kept], targets[others]), self.blur)
            if cost >= least:
                break
            best, least = kept, cost
        return best
