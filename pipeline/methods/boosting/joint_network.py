"""A network of one hidden layer, fitted as a whole: what one that grows unit by unit is compared with."""

from pipeline.methods.boosting.gbnn import GBNN


class JointNetwork(GBNN):
    """GBNN of a single round with all its units, on all rows and to the end: least squares by L-BFGS."""

    paper = ""
    rounds: int = 1
    units: int = 200
    subsample: float = 1.0
    held_out: float = 0.0
