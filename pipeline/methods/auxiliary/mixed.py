"""The weighted sum of two losses, which is what gradient surgery is held against."""

from pipeline.contract import Tensor
from pipeline.methods.auxiliary import Auxiliary


class Mixed(Auxiliary):
    """g + lambda h."""

    paper = "bloop"

    def combine(self, main: Tensor, auxiliary: Tensor) -> Tensor:
        return main + self.strength * auxiliary
