"""Mixtures of a positive and a negative are partly attracted to the anchor and partly kept apart from it."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding.contrastive import Contrastive
from pipeline.ops.metric_mixing import drawn_share, mixed_cosines, one_of_each
from pipeline.ops.pairs import distances, mean_of, same_and_different


class MetrixContrastive(Contrastive):
    """L = L_clean + w [mean y d(a, v) + mean (1 - y) [m - d(a, v)]_+], v = y p + (1 - y) n made unit length again.

    n is each negative of the anchor a. In half of the batches p is one of its positives, drawn by batch, in the others
    a itself (positive-negative and anchor-negative pairs). y ~ Beta(2, 2) once a batch and w = 0.4 as in the authors'
    code. Embeddings are mixed here; the paper also mixes inputs and hidden features, and in some settings takes only
    the hardest negatives. `soft` off rounds the label y to 0 or 1.
    """

    paper = "metrix"
    weight: float = setting(0.4, low=0.0)
    concentration: float = setting(2.0, low=1e-3)
    soft: bool = setting(True)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        mixed, different, share = mixtures(cosines, labels, self.concentration)
        y = share if self.soft else share.round()
        apart = distances(mixed)
        missing = self.margin - apart
        near, far = mean_of(apart, different), mean_of(missing, different & (missing > 0))
        return super().cosine_loss(cosines, labels) + self.weight * (y * near + (1 - y) * far)


def mixtures(cosines: Tensor, labels: Tensor, concentration: float) -> tuple[Tensor, Tensor, Tensor]:
    """Cosines (B, B) of anchors with their mixtures, which of them are with a negative (B, B), and the share y."""
    same, different = same_and_different(labels)
    share = drawn_share(concentration).to(cosines)
    itself = torch.arange(len(labels), device=labels.device)
    partners = one_of_each(same, itself) if torch.rand(()) < 0.5 else itself
    return mixed_cosines(cosines, partners, cosines, share), different, share
