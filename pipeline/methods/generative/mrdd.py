"""A code of what an image and its edges share, found by filling in masked parts, and a code of only the rest."""

import copy
from typing import Any

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.generative import AutoEncoder, GaussianCode, squared_error
from pipeline.ops.club import CLUB
from pipeline.ops.codes import divergence, drawn
from pipeline.ops.decoder import image_decoder
from pipeline.ops.edges import edges


class MRDD(AutoEncoder):
    """Two views of an image, itself and its edges, as in the paper's E-MNIST and E-FMNIST; an augmented crop of it.

    Phase 0: both views masked, encoded by one encoder and joined in one code c; |x_v - D_v(c)|^2 summed over whole
    views v, + kl_weight KL(q(c|x) || N(0, I)). Phase 1: c frozen and from whole views, another encoder's code s of
    the image minimises |x - D([s, c])|^2 + kl_weight KL + mi_weight I(s; c), I bounded by CLUB.

    Defaults are the public code's for Fashion-MNIST; it sums errors over a batch of 2048 but averages KL, hence
    1/2048. Its second stage minimises the misfit of q(c|s) alone, in s too; here the paper's bound, q being fitted
    apart. Phases of equal length are a choice made here. The views' specific codes do not meet in training and
    evaluation takes the image's ("best view"), so that of the edges is left out. Masked pixels are the mean grey.
    Losses are divided by the number of pixels, which moves no optimum.
    """

    paper = "mrdd"
    training_only = ("decoders", "specific_decoder", "estimator")
    phases: tuple[float, ...] = (0.5, 0.5)
    consistent_dim: int = setting(10, unit="units", low=1)
    specific_dim: int = setting(10, unit="units", low=1)
    mask_ratio: float = setting(0.8, low=0.0, high=1.0)
    patch: int = setting(2, unit="pixels", low=1)
    kl_weight: float = setting(0.00048828125, low=0.0)
    mi_weight: float = setting(1.0, low=0.0)

    decoders: Any

    def build(self, context: Context) -> None:
        self.code = GaussianCode(2 * context.feature_dim, self.consistent_dim)
        self.decoders = nn.ModuleList(image_decoder(self.consistent_dim, context.inputs.view_shape) for _ in range(2))
        self.specific_encoder = copy.deepcopy(self.encoder)
        self.specific_code = GaussianCode(context.feature_dim, self.specific_dim)
        self.specific_decoder = image_decoder(self.specific_dim + self.consistent_dim, context.inputs.view_shape)
        self.estimator = CLUB(self.specific_dim, self.consistent_dim, 50)

    def loss(self, batch: Batch) -> Tensor:
        (view,) = batch.views
        return (self.shared(view) if self.phase == 0 else self.rest(view)) / view[0].numel()

    def shared(self, view: Tensor) -> Tensor:
        whole = [view, edges(view)]
        code = self.consistent(*(masked(x, self.patch, self.mask_ratio) for x in whole))
        c = drawn(*code)
        errors = sum(squared_error(x, decode(c)).mean() for x, decode in zip(whole, self.decoders, strict=True))
        return errors + self.kl_weight * divergence(*code)

    def rest(self, view: Tensor) -> Tensor:
        self.encoder.eval()  # or its running statistics would go on changing
        with torch.no_grad():
            c, _ = self.consistent(view, edges(view))
        code = self.specific_code(self.specific_encoder(view))
        s = drawn(*code)
        error = squared_error(view, self.specific_decoder(torch.cat([s, c], 1))).mean()
        apart = self.mi_weight * self.estimator.bound(s, c) + self.estimator.misfit(s, c)
        return error + self.kl_weight * divergence(*code) + apart

    def consistent(self, image: Tensor, edge: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(c|x)."""
        features = torch.cat(self.encoder(torch.cat([image, edge])).chunk(2), 1)
        mean, log_variance = self.code(features)
        return mean, log_variance

    def features(self, images: Tensor) -> Tensor:
        specific = self.specific_code(self.specific_encoder(images))[0]
        return torch.cat([self.consistent(images, edges(images))[0], specific], 1)

    def further_features(self, images: Tensor, features: Tensor) -> dict[str, Tensor]:
        consistent, specific = features.split([self.consistent_dim, self.specific_dim], 1)
        return {"consistent": consistent, "specific": specific}


def masked(images: Tensor, patch: int, ratio: float) -> Tensor:
    """Images (B, C, H, W) with this share of their patches, rounded down and drawn for each image, set to zero."""
    across = [-(-side // patch) for side in images.shape[2:]]
    count = across[0] * across[1]
    order = torch.rand(len(images), count, device=images.device).argsort(1).argsort(1)
    kept = (order >= int(ratio * count)).view(-1, 1, *across)
    for dim in (2, 3):
        kept = kept.repeat_interleave(patch, dim)
    return images * kept[:, :, : images.shape[2], : images.shape[3]]
