"""TRAM whose trust region is about the base: the further predictions have come from it, the wider the step."""

from pipeline.methods.robust_fine_tuning.tram import TRAM


class TRAMPretrained(TRAM):
    """`tram` with the predictions at theta_0, the base's weights, as the reference."""

    paper = "tram"
    rho = 0.1

    def after_backward(self, epoch: int) -> None:
        """The reference stays."""
