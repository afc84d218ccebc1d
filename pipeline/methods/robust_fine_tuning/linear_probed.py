"""The head alone goes on learning, so that the features stay what they were."""

from typing import Self

from pipeline.contract import Context
from pipeline.methods.robust_fine_tuning import FineTuning


class LinearProbed(FineTuning):
    """Cross-entropy over the head, from the base's head on; the encoder and its batch statistics are the base's."""

    paper = ""

    def build(self, context: Context) -> None:
        super().build(context)
        self.encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.encoder.eval()
        return self
