"""Targeted attacks by way of surrogates: images moved so that an encoder that is never asked takes them for another."""

from typing import ClassVar

from pipeline.contract import Inputs, Method, Tensor, setting, torch


class TransferAttack(Method):
    """An attack on three encoders, the surrogates, whose images go to a fourth, the black box.

    Members override `attack`. All four are runs that it builds on. What is attacked is no classifier: a source image
    shall come near a target image in feature space.
    """

    kind = "transfer_attack"
    trains = False
    builds_on = True
    bases: ClassVar[tuple[str, ...]] = ("black_box", "first", "second", "third")

    radius: float = setting(0.0627, unit="raw range", low=0.0)

    def attack(
        self, surrogates: list[Method], sources: Tensor, targets: Tensor, inputs: Inputs, generator: torch.Generator
    ) -> Tensor:
        """Views of the sources (B, C, H, W), moved by at most the radius towards targets (B, C, H, W)."""
        raise NotImplementedError
