"""Balls around an input: where an attack may go, how it goes furthest, where it may start."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Ball(Protocol):
    """The shifts (B, ...) of a batch of inputs that are no longer than `radius` in some norm; units are raw."""

    @property
    def radius(self) -> float: ...

    def uniform(self, like: Tensor, generator: torch.Generator | None) -> Tensor:
        """Shifts of the shape of `like`, drawn from the ball."""
        ...

    def steepest(self, gradient: Tensor) -> Tensor:
        """Of the shifts of length 1, that along which a loss of this gradient (B, ...) rises most; 0 where it is 0."""
        ...

    def project(self, shift: Tensor) -> Tensor:
        """The nearest shift inside the ball."""
        ...


@dataclass(frozen=True)
class Linf:
    """No value is moved by more than the radius."""

    radius: float

    def uniform(self, like: Tensor, generator: torch.Generator | None) -> Tensor:
        return self.radius * (2 * drawn(torch.rand, like, generator) - 1)

    def steepest(self, gradient: Tensor) -> Tensor:
        return gradient.sign()

    def project(self, shift: Tensor) -> Tensor:
        return shift.clamp(-self.radius, self.radius)


class Draw(Protocol):
    """`torch.rand` or `torch.randn`."""

    def __call__(
        self, size: torch.Size, /, *, generator: torch.Generator | None, device: torch.device, dtype: torch.dtype
    ) -> Tensor: ...


def drawn(draw: Draw, like: Tensor, generator: torch.Generator | None) -> Tensor:
    """A draw of the shape of `like`: by the generator, wherever it is, or by the global one of `like`'s device."""
    device = like.device if generator is None else generator.device
    return draw(like.shape, generator=generator, device=device, dtype=like.dtype).to(like.device)
