"""Adversarial training on the images and on the worst place between classes: both are attacked."""

from pipeline.contract import Tensor
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.geodesic.wgeo_augment import WGeoAugment
from pipeline.ops.geodesics import Geodesics


class WGeoAT(WGeoAugment, PGDAT):
    """`wgeo_augment` where x and x_t are moved by the attack of `pgd_at`, that of x_t against the mixed labels.

    That the augmented images are attacked as others are is our reading of its combination with robust training.
    """

    paper = "wgeo"

    def shown(self, geodesics: Geodesics, t: Tensor) -> Tensor:
        return self.attacked(lambda logits: geodesics.losses(logits, t), geodesics.points(t))
