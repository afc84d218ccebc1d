"""Two fine-tuned networks and the base span where the centre of many must lie, and their angle tells how far to go."""

from pipeline.contract import Tensor, setting
from pipeline.methods.robust_fine_tuning.uniform_soup import UniformSoup
from pipeline.ops.weight_lines import stock_shares


class ModelStock(UniformSoup):
    """w = t (w_1 + w_2) / 2 + (1 - t) w_0 for each layer, t = 2 cos / (1 + cos), cos the angle between w_1 - w_0 and
    w_2 - w_0: of the plane through the three the point nearest to the centre of fine-tuned weights, if these lie on a
    sphere about it and their ways from it are orthogonal.

    A layer is a tensor of weights, as in common re-implementations (the authors released no code); t is clamped to
    [0, 1], which matters where an angle is beyond 90 degrees. Vectors of few entries have noisy angles.
    """

    paper = "model_stock"
    layerwise: bool = setting(True)

    def shares(self) -> list[Tensor]:
        copies: list[list[Tensor]] = [self.weights, list(self.second.parameters())]
        return stock_shares(list(self.anchor.parameters()), copies, self.layerwise)
