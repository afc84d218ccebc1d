"""Classifiers that are certified by interval bounds: boxes around an image, followed through the network."""

import copy

import torch

from pipeline.contract import Context, Inputs, Tensor, nn, setting
from pipeline.methods.certified import Certificates, CertifiedClassifier, Sampling
from pipeline.ops.encoder import Encoder
from pipeline.ops.intervals import Box, encoded, loose_margins, worst_margins

HALVINGS = 20
"""Of the interval in which the largest certified radius is looked for."""
ROUNDING = 1e-9
"""Of margins in float64: what is not surer does not count."""


class IntervalBounds(CertifiedClassifier):
    """An answer y holds within r where the upper bound of z_j - z_y is below 0 for every other class j.

    Boxes are [x - r, x + r], cut to the range of the pixels; bounds grow with r, so that the largest r is found by
    halving [0, 1]. With `fold` the last layer is folded into the differences z_j - z_y (section 3, there called
    elision); without, they are the bounds of z_j less those of z_y. Certificates are computed in float64. Encoders
    are those that `ops.intervals` knows the bounds of; batch normalisation, where there is any, is an affine map in
    evaluation, and an encoder that is trained by its bounds has none.
    """

    norm = "linf"
    inputs: Inputs
    head: nn.Linear
    encoder: Encoder
    radius: float = setting(0.1, unit="raw range", low=0.0)
    fold: bool = setting(True)

    def build(self, context: Context) -> None:
        super().build(context)
        self.inputs = context.inputs

    def box(self, views: Tensor, radius: float | Tensor) -> Box:
        """The views of all images within a radius, a number or (B, 1, 1, 1)."""
        reach = radius * self.inputs.scale.to(views)
        low, high = views - reach, views + reach
        if self.inputs.low is None or self.inputs.high is None:
            return low, high
        # a view that rounding has put outside the range stays inside its own box
        low = low.maximum(self.inputs.low.to(views).minimum(views))
        return low, high.minimum(self.inputs.high.to(views).maximum(views))

    def worst(self, views: Tensor, labels: Tensor, radius: float | Tensor) -> Tensor:
        """(B, K) upper bounds of z_j - z_y over all images within the radius; 0 for the labels y."""
        margins = worst_margins if self.fold else loose_margins
        return margins(self.head, encoded(self.encoder, self.box(views, radius)), labels)

    @torch.no_grad()
    def certify(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Certificates:
        answers = self.answers(views, inputs, sampling, draws)
        exact = copy.deepcopy(self).double().eval()
        low = torch.zeros(len(views), 1, 1, 1, dtype=torch.float64, device=views.device)
        high = torch.ones_like(low)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            worst = exact.worst(views.double(), answers, middle).scatter(1, answers[:, None], -torch.inf)
            holds = (worst.amax(1) < -ROUNDING).view_as(low)
            low, high = torch.where(holds, middle, low), torch.where(holds, high, middle)
        return Certificates(answers, low.flatten())

    @torch.no_grad()
    def answers(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Tensor:
        return self.logits(self.encoder(views)).argmax(1)
