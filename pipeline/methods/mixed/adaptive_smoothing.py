"""A network that tells attacked images from others says for each of them how far to trust the robust classifier."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Inputs, Tensor, nn, setting
from pipeline.methods.classifier import Classifier
from pipeline.methods.mixed import Mixed
from pipeline.ops.attacks import PGD, evaluating
from pipeline.ops.balls import Linf
from pipeline.ops.encoder import Encoder
from pipeline.ops.mixing_network import MixingNetwork
from pipeline.ops.mixture import log_mixed


class AdaptiveSmoothing(Mixed):
    """a(x) = c_b + c_s sigmoid(s t + b), t = BN(u(x)), u a network on the first two maps of both bases.

    Trained on images as they are (c = 0) and attacked (c = 1), with l = BCE(q, c), q = 2 t + 0.4, a = sigmoid(q):
    L = l + 0.5 CE(f, y) + 0.1 l CE(f, y), doubled where c = 0. In training u is cut to 0.6 deviations about the batch's
    mean, and BN has neither scale nor shift; in evaluation it has running statistics, and (s, b) and the range are
    others, to be chosen on validation images. All of this is the authors' code (cifar10_at_apgd.yaml, whose s, b, c_s
    and c_b are the defaults). The attack goes through a(x): it raises (1 - w) CE + w BCE(q, 1), w from U(0, 0.4), in
    a radius from U(0.4, 1.1) r for each image. Ours: it is projected gradient ascent of a few steps, theirs Auto-PGD
    of 75 on average, on ten losses; one attacked image for each as it is; u has two blocks, theirs six.
    """

    paper = "adaptive_smoothing"
    inputs: Inputs
    radius: float = setting(0.1, unit="raw range", low=0.0)
    steps: int = setting(10, low=0)
    step_size: float = setting(0.25, unit="radius", low=0.0)
    clean_weight: float = setting(2.0, low=0.0)
    cross_entropy_weight: float = setting(0.5, low=0.0)
    product_weight: float = setting(0.1, low=0.0)
    momentum: float = setting(0.01, low=0.0, high=1.0)
    """Of the running statistics: with few steps a small one leaves them far behind u, which drifts."""
    scale: float = setting(3.0, low=0.0)
    bias: float = setting(20.0)
    least: float = setting(0.2, low=0.0, high=1.0)
    span: float = setting(0.75, low=0.0, high=1.0)
    """These two are c_b and c_s."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.inputs = context.inputs
        with torch.no_grad():
            maps = [_maps(base, torch.zeros(1, *self.inputs.shape)) for base in (self.accurate, self.robust)]
        self.network = MixingNetwork(*([each[depth].shape for each in maps] for depth in (0, 1)))
        self.norm = nn.BatchNorm1d(1, momentum=self.momentum, affine=False)

    def read(self, views: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, K) scaled logits of both bases, and (B, 1) t, each base having seen the views once."""
        maps = [_maps(base, views) for base in (self.accurate, self.robust)]
        bases = ((self.accurate, self.accurate_scale), (self.robust, self.robust_scale))
        accurate, robust = (k * base.logits(own[-1].mean((2, 3))) for own, (base, k) in zip(maps, bases, strict=True))
        leaning = self.network(*([each[depth] for each in maps] for depth in (0, 1)))
        if self.training:
            middle, reach = leaning.mean().item(), 0.6 * leaning.std().item()
            leaning = leaning.clamp(middle - reach, middle + reach)
        return accurate, robust, self.norm(leaning)

    def logits(self, features: Tensor) -> Tensor:
        accurate, robust, standard = self.read(features)
        return log_mixed(accurate, robust, self.within(standard))

    def robust_share(self, views: Tensor) -> Tensor:
        return self.within(self.read(views)[2])

    def within(self, standard: Tensor) -> Tensor:
        """a of t, as evaluation has it."""
        return _off_the_ends(self.least + self.span * (self.scale * standard + self.bias).sigmoid())

    def losses(self, views: Tensor, labels: Tensor, attacked: Tensor) -> tuple[Tensor, Tensor]:
        """(B,) cross-entropy of the mixture and of c, as training has them; `attacked` (B,) is 0 or 1."""
        accurate, robust, standard = self.read(views)
        leaning = 2.0 * standard + 0.4
        mixture = log_mixed(accurate, robust, _off_the_ends(leaning.sigmoid()))
        told = F.binary_cross_entropy_with_logits(leaning.squeeze(1), attacked, reduction="none")
        return F.nll_loss(mixture, labels, reduction="none"), told

    def loss(self, batch: Batch) -> Tensor:
        images, labels = batch.views[0], batch.labels
        attacked = torch.arange(2, device=images.device).repeat_interleave(len(images)).to(images)
        views = torch.cat([images, self.moved(images, labels)])
        answer, told = self.losses(self.encoder(views), labels.repeat(2), attacked)
        losses = told + self.cross_entropy_weight * answer + self.product_weight * told * answer
        return (torch.where(attacked == 1, 1.0, self.clean_weight) * losses).mean()

    def moved(self, images: Tensor, labels: Tensor) -> Tensor:
        """The images under attack, in evaluation mode."""
        draws = torch.rand(2, len(images), device=images.device, dtype=images.dtype)
        weight, radii = 0.4 * draws[0], self.radius * (0.4 + 0.7 * draws[1]).view(-1, *[1] * (images.ndim - 1))

        def loss(moved: Tensor) -> Tensor:
            answer, told = self.losses(self.encoder(moved), labels, torch.ones_like(weight))
            return (1 - weight) * answer + weight * told

        with evaluating(self):
            return PGD(Linf(radii), self.steps, self.step_size * radii)(loss, images, self.inputs)


def _maps(base: Classifier, views: Tensor) -> list[Tensor]:
    assert isinstance(base.encoder, Encoder)
    return base.encoder.layers(views)


def _off_the_ends(share: Tensor) -> Tensor:
    """Where a share is 0 or 1, its logarithm's slope is no number."""
    return share.clamp(1e-6, 1 - 1e-6)
