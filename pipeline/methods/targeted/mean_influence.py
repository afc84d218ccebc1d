"""Those candidates are kept whose gradients are, in the mean over the targets, most like the targets'."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.targeted import Targeted


class MeanInfluence(Targeted):
    """Score of x: mean over targets z of cos(g(x), g(z)); the largest are kept, as if effects of examples added up.

    As in TAROT's code, which compares itself with this under the names of LESS and DsDm, the gradients are whitened.
    LESS itself does not whiten, and scores by the cosine with the mean gradient of each subtask, of which it takes the
    greatest: `by_class` does so with the classes as subtasks. Its gradients are those of adapters in Adam's metric,
    added up over checkpoints; here there is one.
    """

    paper = "less"
    by_class: bool = setting(False)

    def nearest(self, candidates: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
        if self.by_class:
            means = torch.stack([targets[labels == label].mean(0) for label in labels.unique()])
            return (candidates @ F.normalize(means).T).amax(1).topk(self.count).indices
        return (candidates @ targets.mean(0)).topk(self.count).indices
