"""Adam on gradients of which the larger half is cut down, coordinate by coordinate, to the size of the smaller."""

from pipeline.contract import setting
from pipeline.methods.optimizer import Clipped
from pipeline.methods.optimizer.adam import Adam


class AdamClippedCoordinates(Clipped, Adam):
    """Both moments are of the clipped gradient; half of the coordinates is what the authors' code has for Adam."""

    paper = "directional_sharpness"
    share: float = setting(0.5, unit="of the coordinates", low=0.0, high=1.0)
