"""Networks of known Lipschitz constants: layers that tell how far they stretch a Euclidean distance at most."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.ops.encoder import Encoder

TINY = 1e-12


class MinMax(nn.Module):
    """(a, b) -> (max(a, b), min(a, b)), of channels i and i + C/2: no distance grows, gradients keep their length."""

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, dim=1)
        return torch.cat([torch.maximum(a, b), torch.minimum(a, b)], dim=1)


class Linear(nn.Module):
    """A linear map and a bias. Members say what the map is; `size` is what it takes, without the batch.

    `start` is the vector that power iterations have come to: it goes on from there as weights change.
    """

    start: Tensor

    def __init__(self, size: tuple[int, ...]) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("start", F.normalize(torch.randn(size).flatten(), dim=0).view(1, *size))

    def linear(self, x: Tensor) -> Tensor:
        """What the map makes of x (B, *size), without the bias."""
        raise NotImplementedError

    def transposed(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def norm(self, iterations: int) -> Tensor:
        """Of the map, by power iteration: from below, and differentiable through its last application alone.

        The authors' code differentiates through all of them: to the same gradient, once the vector has settled.
        """
        with torch.no_grad():
            x = self.start
            for _ in range(iterations):
                x = self.transposed(self.linear(x))
                x = x / x.norm().clamp_min(TINY)
            self.start.copy_(x)
        return self.linear(self.start.clone()).norm()

    @torch.no_grad()
    def exact(self) -> Tensor:
        """The same as the greatest singular value of the map's matrix; for modules in float64."""
        count = self.start.numel()
        matrix = self.linear(torch.eye(count).to(self.start).view(count, *self.size)).flatten(1)
        square = matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix
        return torch.linalg.eigvalsh(square)[-1].clamp_min(0).sqrt()


class Convolution(Linear):
    """A convolution of images (C, H, W), initialised with orthogonal filters."""

    def __init__(self, size: tuple[int, int, int], channels: int, kernel: int, stride: int = 1, padding: int = 0):
        super().__init__(size)
        self.stride, self.padding = stride, padding
        self.beyond = tuple((side + 2 * padding - kernel) % stride for side in size[1:])
        self.weight = nn.Parameter(nn.init.orthogonal_(torch.empty(channels, size[0], kernel, kernel)))
        bound = (size[0] * kernel**2) ** -0.5
        self.bias = nn.Parameter(torch.empty(channels).uniform_(-bound, bound))

    def kernel(self) -> Tensor:
        return self.weight

    def linear(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel(), None, self.stride, self.padding)

    def transposed(self, y: Tensor) -> Tensor:
        return F.conv_transpose2d(y, self.kernel(), None, self.stride, self.padding, self.beyond)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel(), self.bias, self.stride, self.padding)


class LinearResidual(Convolution):
    """x + s W x, one convolution with the kernel I + s a W, a of each output channel, s = depth^-1/2.

    Its norm is that of the whole, where x and W x may point apart; a sum of norms could not know.
    """

    def __init__(self, size: tuple[int, int, int], depth: int) -> None:
        channels = size[0]
        super().__init__(size, channels, kernel=3, padding=1)
        self.scale = depth**-0.5
        self.weight = nn.Parameter(torch.randn(channels, channels, 3, 3) / (9 * channels))
        self.affine = nn.Parameter(torch.ones(channels, 1, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        identity = torch.zeros(channels, channels, 3, 3)
        identity[:, :, 1, 1] = torch.eye(channels)
        self.register_buffer("identity", identity, persistent=False)

    def kernel(self) -> Tensor:
        identity: Tensor = self.get_buffer("identity")
        return identity + self.scale * self.affine * self.weight


class Residual(nn.Module):
    """x + s W2 MinMax(W1 x), s = 0 at first: the conventional block. Its constant is at most 1 + |s| |W2| |W1|."""

    def __init__(self, size: tuple[int, int, int]) -> None:
        super().__init__()
        self.first = Convolution(size, size[0], kernel=3, padding=1)
        self.activation = MinMax()
        self.second = Convolution(size, size[0], kernel=3, padding=1)
        self.scale = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.second(self.activation(self.first(x)))

    def norm(self, iterations: int) -> Tensor:
        return 1 + self.scale.abs().squeeze() * self.first.norm(iterations) * self.second.norm(iterations)

    def exact(self) -> Tensor:
        return 1 + self.scale.detach().abs().squeeze() * self.first.exact() * self.second.exact()


class Dense(Linear):
    """All outputs from all inputs."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__((inputs,))
        layer = nn.Linear(inputs, outputs)
        self.weight, self.bias = layer.weight, layer.bias

    def linear(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight)

    def transposed(self, y: Tensor) -> Tensor:
        return F.linear(y, self.weight.T)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class LipschitzEncoder(Encoder):
    """Blocks are sequences of such layers, MinMax and `Flatten`; features are the last block's output, (B, F).

    They are in the precision of the inputs, so that certificates can be computed in float64.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        for block in self.blocks:
            inputs = block(inputs)
        return inputs

    def norm(self, iterations: int) -> Tensor:
        """The product of all layers' norms, by power iterations."""
        return torch.stack([layer.norm(iterations) for layer in self._layers()]).prod()

    def exact(self) -> Tensor:
        """A bound of the encoder's Lipschitz constant: the product of the exact norms; for an encoder in float64."""
        return torch.stack([layer.exact() for layer in self._layers()]).prod()

    def _layers(self) -> list[Linear | Residual]:
        parts = [part for block in self.blocks for part in block]  # type: ignore[attr-defined]
        strange = [part for part in parts if not isinstance(part, Linear | Residual | MinMax | nn.Flatten)]
        assert not strange, f"no Lipschitz constant of {strange[0]} is known"
        return [part for part in parts if isinstance(part, Linear | Residual)]


def local_norms(encoder: nn.Module, views: Tensor, scale: Tensor, iterations: int, draws: torch.Generator) -> Tensor:
    """(B,) how far features move for the least shift of each input, along its best direction; in units of `scale`.

    Power iteration on the Jacobian: from below, and itself no more than the Lipschitz constant.
    """
    shift = torch.randn(views.shape, generator=draws, device=draws.device, dtype=views.dtype).to(views.device)

    def features(moved: Tensor) -> Tensor:
        found: Tensor = encoder(views + moved * scale)
        return found

    for _ in range(iterations):
        shift = shift / shift.flatten(1).norm(dim=1).clamp_min(TINY).view(-1, *[1] * (views.ndim - 1))
        moved: Tensor = torch.func.jvp(features, (torch.zeros_like(views),), (shift,))[1]
        shift = torch.func.vjp(features, torch.zeros_like(views))[1](moved)[0]
    return moved.norm(dim=1)
