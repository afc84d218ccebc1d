"""SimCLR with fixed wavelets below a small network, which must also recognise how an image was turned or cut up."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.encoder import Encoder
from pipeline.ops.heads import mlp
from pipeline.ops.jigsaw import permutations, shuffled, turned
from pipeline.ops.scattering import Scattering


class ScatSimCLR(SimCLR):
    """NT-Xent + `pretext_weight` CE(h(f(T_y(x))), y), with f an adapter on top of the scattering transform of x.

    T is one of the public code's two transforms, as there one at a time: rotation by a quarter turn y times, or a
    permutation y, of `permutation_count`, of 3x3 tiles. The code makes all four rotations of each image, and passes
    each tile through f by itself, which would cost 3 and 5 times SimCLR's steps; here y is drawn, T applied to the
    first view, and the image with its tiles in new places passed as a whole, which costs half a step. The head h is
    512 and 128 units wide, without the code's dropout. The temperature is the code's.

    The adapter is the code's: convolution, then `blocks` residual blocks (8 to 45 there) of `width` units. But the
    coefficients are batch normalised, since those of second order are small, the first convolution has stride 2, and
    the average is over all places, so that features have no more dimensions than others' (there 4x4 places).
    """

    paper = "scat_simclr"
    training_only = ("projector", "pretext_head", "orders")
    temperature: float = setting(0.5, unit="cosine", low=1e-3)
    scales: int = setting(2, unit="octaves", low=1)
    angles: int = setting(16, unit="angles", low=1)
    width: int = setting(128, unit="units", low=1)
    blocks: int = setting(30, unit="residual blocks", low=0)
    pretext: str = setting("rotation", choices=("rotation", "jigsaw"))
    pretext_weight: float = setting(0.3, low=0.0)
    permutation_count: int = setting(35, unit="permutations", low=2)

    orders: Tensor

    def build(self, context: Context) -> None:
        self.encoder = ScatteringEncoder(context.inputs.shape[0], self.scales, self.angles, self.width, self.blocks)
        self.projector = mlp([self.width, self.projection_hidden, self.projection_dim])
        self.answers = 4 if self.pretext == "rotation" else self.permutation_count
        self.pretext_head = mlp([self.width, 512, 128, self.answers])
        self.register_buffer("orders", permutations(9, self.permutation_count))

    def loss(self, batch: Batch) -> Tensor:
        first = batch.views[0]
        y = torch.randint(self.answers, (len(first),), device=first.device)
        changed = turned(first, y) if self.pretext == "rotation" else shuffled(first, self.orders[y])
        guessed = self.pretext_head(self.encoder(changed)).float()
        return super().loss(batch) + self.pretext_weight * F.cross_entropy(guessed, y)


class ScatteringEncoder(Encoder):
    """The scattering transform and a residual network of one width."""

    def __init__(self, channels: int, scales: int, angles: int, width: int, blocks: int) -> None:
        super().__init__()
        wavelets = Scattering(scales, angles)
        inside = channels * wavelets.channels
        first = nn.Conv2d(inside, width, 3, stride=2, padding=1, bias=False)
        head = nn.Sequential(nn.BatchNorm2d(inside), first, nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList([wavelets, head, *(Residual(width) for _ in range(blocks))])
        self.feature_dim = width


class Residual(nn.Module):
    """relu(x + two batch-normalised 3x3 convolutions of x)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        first, second = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        norms = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.inside = nn.Sequential(first, norms[0], nn.ReLU(inplace=True), second, norms[1])

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.inside(x))
