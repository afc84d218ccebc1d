"""Randomized smoothing of a network that has also learned, under noise, from the worst place between two classes."""

from pipeline.contract import Tensor
from pipeline.methods.geodesic.wgeo_augment import WGeoAugment
from pipeline.methods.smoothing.rs_gaussian import RSGaussian
from pipeline.ops.geodesics import Geodesics


class RSGeodesic(WGeoAugment, RSGaussian):
    """L = CE(x + e, y) + max_t CE(x_t + e, y_t): the loss of `wgeo_augment` under the noise of `rs_gaussian`.

    The worst t is that of the mean loss without noise. Certified as `rs_gaussian` is. That noise is added to what is
    augmented as to the images is our reading of the paper's combination with smoothing.
    """

    paper = "wgeo"

    def shown(self, geodesics: Geodesics, t: Tensor) -> Tensor:
        return self.noisy(super().shown(geodesics, t))
