"""TRAM whose trust region is about the inputs: the step is as wide as noise on them moves predictions."""

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.robust_fine_tuning.tram import TRAM
from pipeline.ops.batch_statistics import unmoved


class TRAMNoise(TRAM):
    """`tram` with p_ref = p(x + z), z ~ N(0, sigma^2) in normalised pixels, at the same weights (TRAM-x).

    The paper's noise is on embeddings of words. No reference network is needed, and none is moved.
    """

    paper = "tram"
    sigma: float = setting(0.1, unit="normalised pixels", low=0.0)

    @torch.no_grad()
    def reference_logits(self, batch: Batch) -> Tensor:
        views = batch.views[0]
        with unmoved(self):
            return self.logits(self.encoder(views + self.sigma * torch.randn_like(views)))

    def after_backward(self, epoch: int) -> None:
        """Nothing to remember."""
