"""Scores for classes that are known by their attributes, on the features of a classifier of the seen classes.

The classifier is the base's and stays as it is. Of its features of the training images, taken once before training, a
batch finds its own by index. They are standardised, or brought into [0, 1] where a paper has that (`Synthesis`).
Attributes (C, A) are those of all classes, the S seen ones first; labels are in the same order.
"""

import copy
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier


class ZeroShot(Method):
    """Members override `objective` and `logits`."""

    kind = "attribute_classifier"
    uses_labels = True
    builds_on: ClassVar[bool] = True
    requires = ("base_kind == 'classifier'", "base_encoder == encoder", "base_shape == shape")
    views = ("plain",)
    training_only: ClassVar[tuple[str, ...]] = ("classifier", "stored", "given")  # the base's own run keeps its weights

    classifier: Classifier
    stored: Tensor
    """(N, F) the training images' features."""
    given: Tensor
    """(N,) and their labels."""
    attributes: Tensor
    """(C, A)."""
    shift: Tensor
    """(F,) what is taken off features, which are then divided by `scale`."""
    scale: Tensor

    def build(self, context: Context) -> None:
        assert isinstance(context.base, Classifier)
        self.encoder = nn.Identity()  # the classifier has its own
        self.classifier = copy.deepcopy(context.base).eval().requires_grad_(False)
        seen, unseen = (context.streams[f"{kind}_attributes"] for kind in ("seen", "unseen"))
        self.seen, self.width = len(seen), context.feature_dim
        self.register_buffer("attributes", torch.cat([seen, unseen]))
        self.register_buffer("stored", torch.zeros(context.train_examples, self.width))
        self.register_buffer("given", torch.zeros(context.train_examples, dtype=torch.long))
        self.register_buffer("shift", torch.zeros(self.width))
        self.register_buffer("scale", torch.ones(self.width))

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.classifier.eval()
        return self

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase:
            return
        found = torch.cat([self.classifier.features(images) for images in training.plain()])
        shift, scale = self.scaling(found)
        self.shift.copy_(shift)
        self.scale.copy_(scale.clamp_min(1e-6))
        self.stored.copy_((found - self.shift) / self.scale)
        self.given.copy_(training.labels)

    def scaling(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """What is taken off the training images' features (N, F), and what they are divided by, (F,) each."""
        return features.mean(0), features.std(0)

    def features(self, inputs: Tensor) -> Tensor:
        return (self.classifier.features(inputs) - self.shift) / self.scale

    @property
    def known(self) -> int:
        """How many classes there are images of: these come first."""
        return int(self.given.max()) + 1

    def loss(self, batch: Batch) -> Tensor:
        return self.objective(self.stored[batch.indices], batch.labels)

    def objective(self, features: Tensor, labels: Tensor) -> Tensor:
        """The paper's loss on features (B, F) with labels (B,); a scalar."""
        raise NotImplementedError

    def logits(self, features: Tensor) -> Tensor:
        """(B, C) how well each class fits features (B, F)."""
        raise NotImplementedError

    def doubts(self, features: Tensor) -> Tensor | None:
        """(B,) how unsure it is of features (B, F), where the method says so."""
        return None

    def represent(self, features: Tensor) -> Tensor:
        """(B, D) where made examples are compared with real ones, of features (B, F)."""
        return features

    def make(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor | None:
        """(M, D) representations of classes (M,), made of their attributes; None where the method makes none."""
        return None


class Fitted(ZeroShot):
    """Solved at once, without steps. Members override `solve` and keep what it gives in buffers."""

    phases = (0.0,)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        super().start_phase(phase, training)
        self.solve(self.stored.double(), self.given)

    def solve(self, features: Tensor, labels: Tensor) -> None:
        """Of features (N, F) float64 and labels (N,)."""
        raise NotImplementedError


class Synthesis(ZeroShot):
    """Learns to make examples of a class from its attributes; an ordinary classifier of all classes then learns from
    real examples of seen classes and made ones of unseen classes. Members override `objective`, `make`, `represent`.

    Phase 0 learns to make, phase 1 is the linear softmax on representations (D,), at ten times the rate: the authors'
    codes have 0.001 there beside 0.00015 (CADA-VAE) and beside 0.00001 to 0.0002 by data set (f-CLSWGAN). The papers
    make so many examples of each class once and for all; ours are made anew in every step, `rows` of them with as many
    of each seen class and `emphasis` times as many of each unseen one. Where there are images of unseen classes, one
    share of these is real and the rest made. In place of the softmax the nearest class mean may answer. When unseen
    classes alone are asked for, it is the same classifier that answers, among these, where the papers train another.
    """

    phases: tuple[float, ...] = (0.7, 0.3)
    rows: int = setting(256, unit="examples in a step of the last classifier", low=2)
    emphasis: float = setting(2.0, unit="examples of an unseen class to one of a seen class", low=0.0)
    final: str = setting("softmax", choices=("softmax", "nearest_mean"))
    last_rate: float = setting(10.0, unit="times the learning rate, for the last classifier", low=0.0)

    means: Tensor
    """(C, D)."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.last = nn.Linear(self.dimensions, len(self.attributes))
        self.register_buffer("means", torch.zeros(len(self.attributes), self.dimensions))

    @property
    def dimensions(self) -> int:
        """Of representations, D."""
        return self.width

    def scaling(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return features.amin(0), features.amax(0) - features.amin(0)

    def optimizers(
        self, make: Callable[[nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        if not self._at_last(phase):
            return super().optimizers(make, phase)
        optimizer = make(self.last)
        for group in optimizer.param_groups:
            group["scale"] = self.last_rate
        return [optimizer]

    def _at_last(self, phase: int) -> bool:
        return phase == len(self.phases) - 1

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        super().start_phase(phase, training)
        if self._at_last(phase):
            self._average()

    def _average(self, made: int = 200) -> None:
        """The classes' means, of real examples where there are any."""
        for label in range(len(self.attributes)):
            real = self.stored[self.given == label]
            found = self.represent(real) if len(real) else self.make(torch.full((made,), label, device=real.device))
            if found is not None:
                self.means[label] = found.mean(0)

    def loss(self, batch: Batch) -> Tensor:
        if not self._at_last(self.phase):
            return super().loss(batch)
        rows, labels = self.mixed()
        return F.cross_entropy(self.last(rows), labels)

    @torch.no_grad()
    def mixed(self) -> tuple[Tensor, Tensor]:
        """Real and made representations (rows, D) at random, with their labels; each class that has images as often."""
        classes, known = len(self.attributes), self.known
        wanted = max(self.emphasis - (known > self.seen), 0.0) * (classes - self.seen)
        count = round(self.rows * wanted / (wanted + known))
        odds = self.given.bincount()[self.given].double().reciprocal()
        real = odds.multinomial(self.rows - count, replacement=True)
        labels = torch.randint(self.seen, classes, (count,), device=real.device)
        rows = self.drawn(self.stored[real])
        made = self.make(labels) if count else None
        return (rows if made is None else torch.cat([rows, made])), torch.cat([self.given[real], labels])

    def drawn(self, features: Tensor) -> Tensor:
        """(B, D) representations to train on of real features (B, F)."""
        return self.represent(features)

    def logits(self, features: Tensor) -> Tensor:
        found = self.represent(features)
        scores: Tensor = -torch.cdist(found, self.means) if self.final == "nearest_mean" else self.last(found)
        return scores
