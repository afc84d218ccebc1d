"""Classifiers that are certified by a global Lipschitz constant: no logit can overtake faster than it allows."""

import copy

import torch
import torch.nn.functional as F

from pipeline.contract import Context, Inputs, Tensor, nn, setting
from pipeline.errors import UserError
from pipeline.methods.certified import Certificates, CertifiedClassifier, Sampling
from pipeline.ops.lipschitz import LipschitzEncoder, local_norms

ROUNDING = 1e-6
"""By what share constants are raised when they certify."""


class Lipschitz(CertifiedClassifier):
    """Logits z_j = w_j' h(x) / |w_j| + b_j; z_j - z_y changes by no more than K_jy d over a distance d in raw units.

    K_jy = K |w_j / |w_j| - w_y / |w_y||, K the product of the norms of the encoder's layers, times the greatest of
    1 / std, by which views are longer than raw inputs. Rows of unit length are the authors' last layer normalisation.
    The answer y holds within min_j (z_y - z_j) / K_jy. Training has norms by power iteration, `iterations` of them
    with each step, and certificates have them as singular values of the layers' matrices, in float64. Members
    override `objective`, where `reach` is the radius of training: it grows from `start` times `radius` to `end` times
    it over the first half of training, as in the authors' code for CIFAR-10 (by epoch there, by step here).
    """

    encoder: LipschitzEncoder
    head: nn.Linear
    inputs: Inputs
    radius: float = setting(0.25, unit="raw range", low=0.0)
    start: float = setting(0.1, unit="radius", low=0.0)
    end: float = setting(1.5, unit="radius", low=0.0)
    iterations: int = setting(10, low=1)
    _exact: float | None = None

    def build(self, context: Context) -> None:
        super().build(context)
        if not isinstance(self.encoder, LipschitzEncoder):
            raise UserError("its encoder must be one of known Lipschitz constants, such as liresnet")
        self.inputs = context.inputs

    def rows(self) -> Tensor:
        """(K, F) of the last layer."""
        return F.normalize(self.head.weight, dim=1)

    def logits(self, features: Tensor) -> Tensor:
        return F.linear(features, self.rows(), self.head.bias)

    @property
    def reach(self) -> float:
        return self.radius * (self.start + (self.end - self.start) * min(2 * self.progress, 1.0))

    @property
    def stretch(self) -> float:
        """How much longer a shift is in a view than in raw units, at most."""
        return float(self.inputs.scale.max())

    def constants(self, classes: Tensor) -> Tensor:
        """(B, K) K_jy of every class j and the classes y (B,) given, differentiable; 0 of these."""
        return self.stretch * self.encoder.norm(self.iterations) * apart(self.rows(), classes)

    def train(self, mode: bool = True) -> "Lipschitz":
        self._exact = None  # weights may change
        super().train(mode)
        return self

    def exact(self) -> float:
        """K, found once for as long as the method stays in evaluation mode."""
        if self._exact is None:
            found = (1 + ROUNDING) * self.stretch * float(copy.deepcopy(self.encoder).double().exact())
            self._exact = None if self.training else found
            return found
        return self._exact

    @torch.no_grad()
    def certify(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Certificates:
        answers = self.answers(views, inputs, sampling, draws)
        logits = copy.deepcopy(self).double().scores(views.double(), inputs, draws)
        constants = self.exact() * apart(self.rows().double(), answers)
        radii = (logits.gather(1, answers[:, None]) - logits) / constants.clamp_min(1e-30)
        return Certificates(answers, radii.scatter(1, answers[:, None], torch.inf).amin(1).clamp_min(0))

    @torch.no_grad()
    def answers(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Tensor:
        return self.scores(views, inputs, draws).argmax(1)

    def tightness(self, views: Tensor, draws: torch.Generator) -> Tensor:
        """(B,) the share of K that the encoder's features show at each view; never more than 1."""
        scale = self.inputs.scale.to(views)
        return local_norms(self.encoder, views, scale, 10, draws).double() / self.exact()


def apart(rows: Tensor, classes: Tensor) -> Tensor:
    """(B, K) |w_j - w_y|; its gradient is 0 where it is 0."""
    squares = (rows[classes][:, None] - rows).square().sum(2)
    return torch.where(squares > 0, squares, 1.0).sqrt() * (squares > 0)
