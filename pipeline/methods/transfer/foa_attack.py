"""Global features are drawn to the target's, and clusters of local ones carried onto the target's clusters."""

from typing import Any

import torch.nn.functional as F

from pipeline.contract import Inputs, Method, Tensor, setting, torch
from pipeline.methods.transfer import TransferAttack
from pipeline.ops.attacks import Reach
from pipeline.ops.balls import Linf
from pipeline.ops.feature_alignment import cluster_centres, transported
from pipeline.ops.random_crops import cropped


class FOAAttack(TransferAttack):
    """Ascend sum_i w_i S_i, S_i = cos(F_i(x'), F_i(t)) + eta sum_ab T_ab cos(c_a, c'_b), by signs of gradients.

    F_i is surrogate i's feature, c and c' are k-means centres of patches of x' and of the target t, T the optimal
    transport between them; both images are cropped at random in every step. w = N softmax(r), r_i = S_i / S_i of the
    step before: the more a surrogate's similarity rose, the more it counts.

    From the authors' code, which was at hand in place of the text: 300 steps of 1 in a ball of 16, of 255; eta = 0.2;
    kernel temperature 0.1; crops of 0.5 to 0.9 of the area; 10 clusters. It calls its similarities losses, and as it
    evaluates them twice in a step, without the crop and with it, its ratio is in effect that of these two; here it is
    that of two steps, as its names say. Local features are a transformer's patches there, here the places of the last
    map of a convolutional encoder, whose mean is the global feature. Ours are so many rounds of k-means, 100 of
    Sinkhorn's algorithm without early stopping, square crops, and pixels that stay in range in every step.
    """

    paper = "foa_attack"
    surrogates: int = setting(3, low=1, high=3)
    """Of the three, so many, the first."""
    steps: int = setting(300, low=1)
    step_size: float = setting(0.0625, unit="radius", low=0.0)
    global_weight: float = setting(1.0, low=0.0)
    local_weight: float = setting(0.2, low=0.0)
    clusters: int = setting(10, low=1)
    rounds: int = setting(10, low=1)
    dynamic: bool = setting(True)
    """False weighs all surrogates alike."""

    def attack(
        self, surrogates: list[Method], sources: Tensor, targets: Tensor, inputs: Inputs, generator: torch.Generator
    ) -> Tensor:
        reach, before = Reach(Linf(self.radius), sources, inputs), None
        shift = torch.zeros_like(sources)
        for _ in range(self.steps):
            target = cropped(targets, 0.5, 0.9, generator)
            with torch.enable_grad():
                at = shift.detach().requires_grad_()
                moved = cropped(reach.moved(at), 0.5, 0.9, generator)
                similar = torch.stack(
                    [self.similarity(each, moved, target, generator) for each in surrogates[: self.surrogates]]
                )
                weights = self.weights(similar.detach(), before)
                (slope,) = torch.autograd.grad((weights * similar).sum(), at)
            before = similar.detach()
            shift = reach.cut(shift + self.step_size * self.radius * slope.sign())
        return reach.moved(shift)

    def weights(self, similar: Tensor, before: Tensor | None) -> Tensor:
        """(N, B) of similarities (N, B) now and a step before; None in the first step, in which all count alike."""
        if before is None or not self.dynamic:
            return torch.ones_like(similar)
        return len(similar) * (similar / (before + 1e-8)).softmax(0)

    def similarity(self, surrogate: Method, moved: Tensor, target: Tensor, generator: torch.Generator) -> Tensor:
        """(B,)"""
        maps, wanted = (last_map(surrogate, views) for views in (moved, target))
        found = self.global_weight * F.cosine_similarity(maps.mean((2, 3)), wanted.mean((2, 3)))
        if self.local_weight:
            centres, goals = (
                F.normalize(
                    cluster_centres(F.normalize(each.flatten(2).transpose(1, 2), dim=2), *self._how(generator)), dim=2
                )
                for each in (maps, wanted)
            )
            found = found + self.local_weight * transported(centres @ goals.transpose(1, 2), 0.1, 100)
        return found

    def _how(self, generator: torch.Generator) -> tuple[int, int, torch.Generator]:
        return self.clusters, self.rounds, generator


def last_map(surrogate: Method, views: Tensor) -> Tensor:
    """(B, C, H, W)"""
    encoder: Any = surrogate.encoder
    found: Tensor = encoder.layers(views)[-1]
    return found
