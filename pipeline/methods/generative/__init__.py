"""Auto-encoders: a random code of the image, from which a decoder makes the image again."""

from pipeline.contract import Method, Tensor, nn


class AutoEncoder(Method):
    """Codes z ~ q(z|x), Gaussian with diagonal covariance on top of the encoder, and a decoder x' of codes.

    Views are what is encoded and made again; one is enough. Evaluation takes means of codes, so a member says in
    `training_only` which of its decoders it does without.
    """

    kind = "representation"


class GaussianCode(nn.Module):
    """Features (B, F) -> mean and log variance (B, D) of q(z|x), in float32."""

    def __init__(self, feature_dim: int, dim: int, lowest: float = -6.0) -> None:
        super().__init__()
        self.linear = nn.Linear(feature_dim, 2 * dim)
        self.lowest = lowest
        """Of the log variance; an objective that rewards certainty would lower it without end."""

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.linear(features).float().chunk(2, 1)
        return mean, log_variance.clamp_min(self.lowest)


def squared_error(images: Tensor, made: Tensor) -> Tensor:
    """Summed over channels and pixels: (B,)."""
    return ((images.float() - made.float()) ** 2).flatten(1).sum(1)
