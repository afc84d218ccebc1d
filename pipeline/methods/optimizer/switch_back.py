"""Linear layers multiply in 8-bit integers on the way forward and back to their inputs, but not for their weights."""

from pipeline.contract import Context, nn, setting
from pipeline.methods.optimizer.stable_adam_w import StableAdamW
from pipeline.ops.int8 import Int8Linear


class SwitchBack(StableAdamW):
    """Y = X W^T and dX = dY W with X and dY rounded row by row, W as a whole, to 127 / max|.|; dW = dY^T X is not.

    Section 2.2 and algorithm 1, with their StableAdamW. Products of integers are exact sums, so that rounding and
    multiplying in float32 gives what int8 kernels give, without their speed. All linear layers of encoder and head
    are such, at evaluation too. `int8_all` rounds dY and X for dW too, column by column, which the paper warns of: it
    sums over as many numbers as the batch has rows.
    """

    paper = "stable_low_precision"
    int8_all: bool = setting(False)
    probed = False

    def build(self, context: Context) -> None:
        super().build(context)
        for module in list(self.modules()):
            for name, child in list(module.named_children()):
                if type(child) is nn.Linear:
                    module.add_module(name, Int8Linear(child, self.int8_all))
