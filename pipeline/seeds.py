"""Seeds by named axis: the same names give the same draw, whatever else was drawn before.

Names never include the method, so that the methods of a study share data order, augmentation and
initial encoder at each seed and their differences are paired.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def derive(*names: str | int) -> int:
    """A 63-bit seed from names such as ("ssl", "order", 0, 3)."""
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(*names: str | int, device: "torch.device | str" = "cpu") -> "torch.Generator":
    """A torch generator on `device`, seeded from the names."""
    import torch

    return torch.Generator(device=device).manual_seed(derive(*names))


@dataclass(frozen=True)
class Draws:
    """A run's draws: of its study and seed, never of its method."""

    study: str
    seed: int

    def seed_of(self, *purpose: str | int) -> int:
        return derive(self.study, self.seed, *purpose)

    def generator(self, *purpose: str | int) -> "torch.Generator":
        return generator(self.study, self.seed, *purpose)
