"""Balls around an input: where an attack may go, how it goes furthest, where it may start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

Radius = float | Tensor
"""In raw units; a tensor (B, 1, ...), which broadcasts over shifts, where each input of a batch has its own."""


class Ball(Protocol):
    """The shifts (B, ...) of a batch of inputs that are no longer than `radius` in some norm; units are raw."""

    @property
    def radius(self) -> Radius: ...

    def norm(self, shift: Tensor) -> Tensor:
        """(B,) lengths of shifts."""
        ...

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

    radius: Radius

    def norm(self, shift: Tensor) -> Tensor:
        return shift.flatten(1).abs().amax(1)

    def uniform(self, like: Tensor, generator: torch.Generator | None) -> Tensor:
        return self.radius * (2 * drawn(torch.rand, like, generator) - 1)

    def steepest(self, gradient: Tensor) -> Tensor:
        return gradient.sign()

    def project(self, shift: Tensor) -> Tensor:
        if isinstance(self.radius, Tensor):
            return shift.clamp(-self.radius, self.radius)
        return shift.clamp(-self.radius, self.radius)


@dataclass(frozen=True)
class L2:
    """The Euclidean length of a shift is at most the radius."""

    radius: Radius

    def norm(self, shift: Tensor) -> Tensor:
        return shift.flatten(1).norm(dim=1)

    def uniform(self, like: Tensor, generator: torch.Generator | None) -> Tensor:
        direction = self.steepest(drawn(torch.randn, like, generator))
        shares = drawn(torch.rand, like[:, :1].flatten(1)[:, :1], generator)
        return self.radius * _each(shares.squeeze(1) ** (1 / like[0].numel()), like) * direction

    def steepest(self, gradient: Tensor) -> Tensor:
        # scaled first, so that squares of tiny gradients do not vanish
        scaled = gradient / _each(gradient.flatten(1).abs().amax(1), gradient).clamp_min(TINY)
        return scaled / _each(self.norm(scaled), scaled).clamp_min(TINY)

    def project(self, shift: Tensor) -> Tensor:
        return shift * (self.radius / _each(self.norm(shift), shift).clamp_min(TINY)).clamp(max=1.0)


TINY = 1e-30
BALLS: dict[str, Callable[[Radius], Ball]] = {"linf": Linf, "l2": L2}
"""By the names that settings have for the norms."""


def _each(values: Tensor, like: Tensor) -> Tensor:
    """(B,) values in a shape that broadcasts over (B, ...)."""
    return values.view(-1, *[1] * (like.ndim - 1))


class Draw(Protocol):
    """`torch.rand` or `torch.randn`."""

    def __call__(
        self, size: torch.Size, /, *, generator: torch.Generator | None, device: torch.device, dtype: torch.dtype
    ) -> Tensor: ...


def drawn(draw: Draw, like: Tensor, generator: torch.Generator | None) -> Tensor:
    """A draw of the shape of `like`: by the generator, wherever it is, or by the global one of `like`'s device."""
    device = like.device if generator is None else generator.device
    return draw(like.shape, generator=generator, device=device, dtype=like.dtype).to(like.device)
