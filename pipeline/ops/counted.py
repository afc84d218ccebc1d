"""torch's own optimisers, such that they go on from a checkpoint."""

import torch
from torch import Tensor


class Counted(torch.optim.Optimizer):
    """A mixin before a class of `torch.optim`, which counts its steps in a tensor of one number.

    A resumed run has every tensor of the state in the shape of its parameter, with the number in all places.
    """

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for state in self.state.values():
            count = state.get("step")
            if isinstance(count, Tensor) and count.ndim:
                state["step"] = count.reshape(-1)[0].clone()
        super().step(closure)


class Adam(Counted, torch.optim.Adam):
    pass


class AdamW(Counted, torch.optim.AdamW):
    pass


class RMSprop(Counted, torch.optim.RMSprop):
    pass
