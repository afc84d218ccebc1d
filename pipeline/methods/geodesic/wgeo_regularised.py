"""A loss that changes little along geodesics between classes, beside training on the worst place of each."""

from pipeline.contract import Tensor, setting
from pipeline.methods.geodesic.wgeo_augment import WGeoAugment
from pipeline.ops.geodesics import Geodesics, variation


class WGeoRegularised(WGeoAugment):
    """L = CE(x, y) + max_t CE(x_t, y_t) + beta R with R = integral over [0, 1] of |d/dt E CE(x_t, y_t)|.

    R is what the mean loss of a couple of classes rises and falls from place to place of the grid, averaged over
    couples. beta = 0.1 is ours. Flat and low exclude each other where the labels are mixed, since
    mixed labels have an entropy. With beta = 0 it is `wgeo_augment`.
    """

    paper = "wgeo"
    beta: float = setting(0.1, low=0.0)

    def along(self, geodesics: Geodesics) -> Tensor:
        augmented = super().along(geodesics)
        # after it: a pass in training mode moves the running statistics that this one is differentiated with
        return augmented + self.beta * variation(self.curve(geodesics)).mean()
