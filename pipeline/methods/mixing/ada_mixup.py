"""A small network chooses how to average each pair, so that no mixture passes for a real image of another class."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn
from pipeline.methods.mixing import Mixing, partners


class AdaMixUp(Mixing):
    """L = (CE(x_i, y_i) + CE(x~, y~)) / 2 + BCE(real or mixed); x~ = gamma x_i + (1 - gamma) x_j and y~ likewise.

    gamma = alpha + Delta u with u ~ U(0, 1), and (alpha, Delta, rest) = softmax of the policy network on the pair, so
    that gamma lies in [alpha, alpha + Delta] within [0, 1]. The policy network and the discriminator, a linear layer on
    the encoder's features, both lower the BCE: mixtures move to where they cannot be taken for real images (no
    "manifold intrusion"). Gradients reach gamma through images and targets.

    Taken from the authors' code, since the paper's text was not at hand: the weights of the three terms; that half a
    batch is mixed, each with a random one of the whole batch; the pair as (m_1 x_i + m_2 x_j) / 2 with m standard
    normal per pixel, cut at 2; a policy that begins at gamma in [1/3, 2/3].
    Reductions: mixtures of two only (the paper also mixes more at once); for the policy two small convolutions in
    place of a second network of the encoder's size. Other than in the code, one pass over real and mixed images serves
    classifier and discriminator, so that they share batch statistics, and all real images are classified, where the
    code leaves half of them to the discriminator (and trains 3.5 times as long).
    """

    paper = "ada_mixup"
    training_only = ("policy", "discriminator")

    def build(self, context: Context) -> None:
        super().build(context)
        last = nn.Linear(32, 3)
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)
        self.policy = nn.Sequential(
            nn.Conv2d(context.inputs.view_shape[0], 16, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            last,
        )
        self.discriminator = nn.Linear(context.feature_dim, 1)

    def mix(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        half = len(images) // 2
        order = partners(images)[:half]
        first, second = images[:half], images[order]
        m1, m2 = (nn.init.trunc_normal_(torch.empty_like(first)) for _ in range(2))
        alpha, delta, _ = self.policy((m1 * first + m2 * second) / 2).softmax(1).split(1, dim=1)
        gamma = alpha + delta * torch.rand_like(alpha)
        return second.lerp(first, gamma[:, :, None, None]), targets[order].lerp(targets[:half], gamma)

    def loss(self, batch: Batch) -> Tensor:
        images, targets = batch.views[0], self.targets(batch)
        mixed, shared = self.mix(images, targets)
        features = self.encoder(torch.cat([images, mixed]))
        real, between = self.logits(features).split([len(images), len(mixed)])
        is_real = torch.cat([targets.new_ones(len(images)), targets.new_zeros(len(mixed))])
        intrusion = F.binary_cross_entropy_with_logits(self.discriminator(features).squeeze(1), is_real)
        return (F.cross_entropy(real, targets) + F.cross_entropy(between, shared)) / 2 + intrusion
