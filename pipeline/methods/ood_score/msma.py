"""A network learns the score of noisy images; how long its scores are at each noise level tells usual from unusual."""

import itertools
import math

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.ood_score import OODScore, Validation


class MSMA(OODScore):
    """Denoising score matching, E 1/2 sigma^2 ||s(x + sigma e, sigma) + e / sigma||^2, then a density of the norms.

    sigma is drawn uniformly from `levels` values in geometric sequence from `sigma_high` to `sigma_low`, in pixels of
    [0, 1]. The network answers with sigma s directly, so that the loss is 1/2 ||sigma s + e||^2, summed over pixels.
    The features of an image are the norms ||sigma_i s(x, sigma_i)|| without added noise, standardised over the
    training examples. The score is minus the distance to the k-th nearest training example in them, k = 5: the last of
    the three densities in the authors' code, which also fits a Gaussian mixture and a flow.
    Levels, their range and the 128 channels are the authors' code's. Its RefineNet takes far more than we can spend;
    this is a residual convolutional network at half resolution with a gain and shift of every channel for each level.
    No labels are read: the classes and accuracies that evaluation asks for are the classifier's.
    """

    paper = "msma"
    trains = True
    views = ("plain",)
    levels: int = setting(10, unit="noise levels (L)", low=2)
    sigma_high: float = setting(1.0, unit="pixels in [0, 1]", low=1e-6)
    sigma_low: float = setting(0.01, unit="pixels in [0, 1]", low=1e-6)
    width: int = setting(128, unit="channels", low=1)
    neighbours: int = setting(5, unit="training examples (k)", low=1)

    std: Tensor
    sigmas: Tensor

    def build(self, context: Context) -> None:
        self.encoder = nn.Identity()
        self.network = ScoreNetwork(context.inputs.shape[0], self.width, self.levels)
        self.register_buffer("std", torch.ones(context.inputs.shape[0]))
        exponents = torch.linspace(math.log(self.sigma_high), math.log(self.sigma_low), self.levels)
        self.register_buffer("sigmas", exponents.exp(), persistent=False)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        """What the normalisation divides pixels by, from the images and their plain views."""
        chunk = next(iter(training.plain()))
        pixels = training.inputs[: len(chunk)].double() / 255
        self.std.copy_(pixels.std((0, 2, 3)) / chunk.double().std((0, 2, 3)).clamp_min(1e-12))

    def loss(self, batch: Batch) -> Tensor:
        x = batch.views[0]
        level = torch.randint(self.levels, (len(x),), device=x.device)
        noise = torch.randn_like(x)
        moved = x + self.sigmas[level, None, None, None] * noise / self.std[:, None, None]
        return 0.5 * (self.network(moved, level) + noise).square().sum((1, 2, 3)).mean()

    def norms(self, inputs: Tensor) -> Tensor:
        """(B, L) lengths of the scaled scores."""
        levels = torch.arange(self.levels, device=inputs.device)
        each = [self.network(inputs, level.expand(len(inputs))).flatten(1).norm(dim=1) for level in levels]
        return torch.stack(each, 1).double()

    def fit(self, validation: Validation) -> dict[str, float]:
        self.network.eval()
        with torch.no_grad():
            norms = torch.cat([self.norms(part) for part in validation.train_inputs.split(self.batch_size)])
        self.centre, self.deviation = norms.mean(0), norms.std(0, correction=0).clamp_min(1e-12)
        self.bank = (norms - self.centre) / self.deviation
        return {}

    def score(self, inputs: Tensor) -> Tensor:
        features = (self.norms(inputs) - self.centre) / self.deviation
        distances = torch.cdist(features, self.bank)
        return -distances.topk(min(self.neighbours, len(self.bank)), largest=False).values[:, -1]


class ScoreNetwork(nn.Module):
    """Images (B, C, H, W) and noise levels (B,) to (B, C, H, W), with even H and W."""

    def __init__(self, channels: int, width: int, levels: int) -> None:
        super().__init__()
        ends = [4 * channels, width, width, width]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inside, outside, 3, padding=1) for inside, outside in itertools.pairwise(ends)
        )
        self.scales = nn.ParameterList(0.02 * torch.randn(levels, 2 * width) for _ in self.convolutions)
        self.last = nn.Conv2d(width, 4 * channels, 3, padding=1)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        y = F.pixel_unshuffle(x, 2)
        for place, (convolution, scale) in enumerate(zip(self.convolutions, self.scales, strict=True)):
            gain, shift = scale[level][:, :, None, None].chunk(2, 1)
            new = F.elu(convolution(y) * (1 + gain) + shift)
            y = y + new if place else new
        return F.pixel_shuffle(self.last(y), 2)
