"""A penalty on how far noise on the inputs moves predictions, beside cross-entropy: the trust region without SAM."""

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.robust_fine_tuning import FineTuning
from pipeline.ops.batch_statistics import unmoved
from pipeline.ops.divergences import kl_of_logits


class TrustRegion(FineTuning):
    """L + lam (KL(p || p_z) + KL(p_z || p)), p_z = p(x + z), z ~ N(0, sigma^2): R3F of Aghajanyan et al. (2021).

    Their noise is on embeddings of words, here on normalised pixels. Gradients flow through both predictions; batch
    statistics are those of the images without noise.
    """

    paper = "tram"
    lam: float = setting(1.0, low=0.0)
    sigma: float = setting(0.1, unit="normalised pixels", low=0.0)

    def loss(self, batch: Batch) -> Tensor:
        views = batch.views[0]
        logits = self.logits(self.encoder(views))
        with unmoved(self):
            noisy = self.logits(self.encoder(views + self.sigma * torch.randn_like(views)))
        penalty = kl_of_logits(logits, noisy) + kl_of_logits(noisy, logits)
        return self.objective(logits, batch.labels) + self.lam * penalty
