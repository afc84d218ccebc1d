"""ProtoGCD: the surest pseudo-labels become hard ones, more and more of them, and prototypes keep their distance."""

import math

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.discovery import Parametric, crossed, missing_entropy


class ProtoGCD(Parametric):
    """L_u = mean H(q', p) + 2 (log K - H(mean p)) + w mean_k log mean_{j != k} exp(c_k . c_j / 0.1).

    q' of an image's other view is softmax(cos / 0.05), or one-hot for the share r of the view's images whose greatest
    probability exceeds the second one by the largest factor; r rises linearly from 0 to 1 over the first half of
    training and is 1 from then on. c_k are the unit prototypes, which lie among the encoder's features.

    Settings are those of the commands in the authors' README for CIFAR-100, w = 0.1 and r from 0; the defaults of their
    code are 1 and 0.2. The code adds 1e-6 to the second probability before it divides; here images are ranked by the
    difference of the two cosines, which is the logarithm of the factor. It trains with labelled and unlabelled images
    alike, which the paper's criterion for the number of classes is no part of.
    """

    paper = "proto_gcd"
    entropy_weight: float = setting(2.0, low=0.0)
    separation_weight: float = setting(0.1, low=0.0)
    teacher_temperature: float = setting(0.05, unit="cosine", low=1e-3)
    hard_start: float = setting(0.0, unit="share of images", low=0.0, high=1.0)
    hard_end: float = setting(1.0, unit="share of images", low=0.0, high=1.0)
    hard_ramp: float = setting(0.5, unit="share of training", low=0.0, high=1.0)

    def unsupervised(self, first: Tensor, second: Tensor) -> Tensor:
        targets = [self.pseudo_labels(view.detach()) for view in (first, second)]
        first, second = first / self.temperature, second / self.temperature
        regular = self.entropy_weight * missing_entropy(torch.cat([first, second]))
        return crossed(first, second, targets) + regular + self.separation_weight * self.separation()

    def pseudo_labels(self, cosines: Tensor) -> Tensor:
        """(N, K) targets made of cosines (N, K) of one view."""
        soft = (cosines / self.teacher_temperature).softmax(1)
        top = cosines.topk(2, dim=1).values
        surest = (top[:, 0] - top[:, 1]).topk(int(len(cosines) * self.hard_share())).indices
        hard = F.one_hot(cosines.argmax(1), cosines.shape[1]).to(soft.dtype)
        soft[surest] = hard[surest]
        return soft

    def hard_share(self) -> float:
        done = min(1.0, self.progress / self.hard_ramp) if self.hard_ramp else 1.0
        return self.hard_start + done * (self.hard_end - self.hard_start)

    def separation(self) -> Tensor:
        unit = F.normalize(self.head.weight)
        itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
        cosines = (unit @ unit.T / self.temperature).masked_fill(itself, -torch.inf)
        return (cosines.logsumexp(1) - math.log(len(unit) - 1)).mean()
