"""An auto-encoder whose codes are as certain and as clustered as making the image again allows."""

import math

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.generative import AutoEncoder, GaussianCode, squared_error
from pipeline.ops.codes import drawn
from pipeline.ops.decoder import image_decoder


class MIM(AutoEncoder):
    """A-MIM: L = -E_q(z|x)[log p(x|z) + (log q(z|x) + log P(z)) / 2], mean over images; P standard Gaussian.

    A VAE has -log q where this has +log q: certainty about z is rewarded. That has no limit, so log variances stop at
    -6, as in NVIDIA's public MIM (NeMo). p(x|z) is Gaussian of variance 1 around the decoder's output; x is one
    augmented view. Nats are divided by the number of pixels, which moves no optimum and keeps gradients in a range
    that suits every optimiser. Codes are 64 wide, a choice made here, as is the decoder.

    The representation is the mean of q. "informative" are the decoder's hidden states for that code, here the
    last ones before its output layer, averaged over a 4x4 grid.
    """

    paper = "cmim"
    training_only = ("output",)
    latent_dim: int = setting(64, unit="units", low=1)

    def build(self, context: Context) -> None:
        self.code = GaussianCode(context.feature_dim, self.latent_dim)
        decoder = image_decoder(self.latent_dim, context.inputs.view_shape)
        self.hidden, self.output = decoder[:-1], decoder[-1]

    def loss(self, batch: Batch) -> Tensor:
        (view,) = batch.views
        mean, log_variance = self.code(self.encoder(view))
        z = drawn(mean, log_variance)
        log_q = gaussian(((z - mean) / (log_variance / 2).exp()) ** 2 + log_variance)
        log_p = -(squared_error(view, self.output(self.hidden(z))) + math.log(2 * math.pi) * view[0].numel()) / 2
        return -(log_p + (log_q + gaussian(z**2)) / 2 + self.contrast(z)).mean() / view[0].numel()

    def contrast(self, z: Tensor) -> Tensor:
        """A log likelihood (B,) to add, given codes z (B, D)."""
        return z.new_zeros(len(z))

    def features(self, images: Tensor) -> Tensor:
        mean: Tensor = self.code(self.encoder(images))[0]
        return mean

    def further_features(self, images: Tensor, features: Tensor) -> dict[str, Tensor]:
        hidden = self.hidden(features)
        return {"informative": F.adaptive_avg_pool2d(hidden, 4).flatten(1)}


def gaussian(squares: Tensor) -> Tensor:
    """Log density (B,) of a Gaussian, given squared distances (B, D) with the log variance added."""
    return -(squares + math.log(2 * math.pi)).sum(1) / 2
