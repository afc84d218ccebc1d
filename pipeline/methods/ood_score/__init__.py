"""Scores of a trained classifier that tell known from unknown inputs, after training."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from pipeline.contract import Batch, Context, Method, Tensor, nn, setting, torch
from pipeline.errors import UserError
from pipeline.methods.classifier import Classifier


@dataclass
class Validation:
    """What a score may be fitted on. None of it is scored in the table.

    inputs: (N, C, H, W) float32, normalised as the classifier's were.
    """

    train_inputs: Tensor
    train_labels: Tensor
    known: Tensor
    """Held-out examples of the known classes, not trained on."""
    unknown: Tensor
    """Outliers of kinds that the test outliers do not contain."""
    std: Tensor
    """(C,) what the normalisation divided pixels in [0, 1] by; turns a step in pixels into a step of the input."""


class OODScore(Method):
    """A score S(x) of a frozen classifier, higher for known inputs. Members override `score`.

    `model` is the classifier of the run that this one builds on, in evaluation mode on the run's device. Members that
    train first (`trains = True`) are trained by the loop like any method, from `context.base`.
    Scores of members that perturb inputs need autograd: call them under no_grad at most, not inference_mode.
    """

    kind = "ood_score"
    trains = False
    builds_on = True
    requires: ClassVar[tuple[str, ...]] = ("base_kind == 'classifier'",)
    batch_size = 500

    model: Classifier

    def attach(self, model: Classifier) -> None:
        self.model = model.eval().requires_grad_(False)

    def fit(self, validation: Validation) -> dict[str, float]:
        """Choose what the paper chooses on validation data; return the choices, for the run's record."""
        return {}

    def score(self, inputs: Tensor) -> Tensor:
        """(B,) scores of inputs (B, C, H, W)."""
        raise NotImplementedError

    def logits(self, inputs: Tensor) -> Tensor:
        """(B, K) float64: confident float32 probabilities round to exactly 1, and a ranking must not tie there."""
        return self.model.logits(self.model.encoder(inputs)).double()

    def penultimate(self, inputs: Tensor) -> Tensor:
        """(N, D) float64 pooled features of any number of inputs, in batches."""
        return torch.cat([self.model.encoder(part).detach().double() for part in inputs.split(self.batch_size)])

    def read(self, features: Tensor) -> Tensor:
        """(B, K) float64 logits of features (B, D), which a score may have changed on the way."""
        return self.model.logits(features.to(next(self.model.parameters()).dtype)).double()

    def predictions(self, inputs: Tensor) -> Tensor:
        """(N,) classes that the classifier predicts for any number of inputs."""
        return torch.cat([self.logits(part).argmax(1) for part in inputs.split(self.batch_size)])

    def scores(self, inputs: Tensor) -> Tensor:
        """Scores of any number of inputs, in batches."""
        return torch.cat([self.score(part).detach() for part in inputs.split(self.batch_size)])


class FineTuned(OODScore):
    """A score of the classifier trained on beside wild images: logits of both sides of a batch come as one pass.

    Of each batch of the study's size the last `wild_share` are wild images, from the stream "wild". Batch normalisation
    sees both sides together, as in the papers' codes. An epoch thus shows only (1 - wild_share) of the training
    examples.
    """

    trains = True
    uses_labels = True
    streams = {"wild": ("full",)}
    # neither side of a batch is empty
    requires = ("0 < round(wild_share * batch_size) < batch_size",)
    wild_share: float = setting(0.5, unit="share of each batch", low=0.0, high=1.0)

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        wild = round(self.wild_share * batch_size)
        return {"train": batch_size - wild, "wild": wild}

    def build(self, context: Context) -> None:
        assert isinstance(context.base, Classifier)
        self.model = copy.deepcopy(context.base).requires_grad_(True)
        self.encoder = nn.Identity()  # the classifier has its own

    def attach(self, model: Classifier) -> None:
        """The classifier is this method's own."""
        super().attach(self.model)

    def loss(self, batch: Batch) -> Tensor:
        known, wild = batch.views[0], batch["wild"].views[0]
        logits = self.model.logits(self.model.encoder(torch.cat([known, wild])))
        return self.objective(logits[: len(known)], batch.labels, logits[len(known) :])

    def objective(self, known: Tensor, labels: Tensor, wild: Tensor) -> Tensor:
        """The paper's loss on logits (B, K) of labelled images, their labels (B,), and logits (M, K) of wild ones."""
        raise NotImplementedError


def ascent(inputs: Tensor, confidence: Callable[[Tensor], Tensor], std: Tensor) -> Tensor:
    """The step of one pixel unit that raises a confidence (B,) most in the maximum norm: sign(grad) / std.

    Known inputs gain more from it than unknown ones (ODIN, section 3). A pixel without gradient is not moved:
    sign(0) = 0, where the authors' code of ODIN and of Mahalanobis takes +1.
    """
    with torch.enable_grad():
        x = inputs.detach().clone().requires_grad_()
        return ascent_of(confidence(x), x, std)


def ascent_of(confidence: Tensor, inputs: Tensor, std: Tensor) -> Tensor:
    """The same for a confidence (B,) computed from inputs that require gradients; its graph is kept."""
    (gradient,) = torch.autograd.grad(confidence, inputs, torch.ones_like(confidence), retain_graph=True)
    return gradient.sign() / std.to(inputs).view(-1, 1, 1)


def search_sides(validation: Validation, count: int) -> tuple[Tensor, Tensor]:
    """At most `count` known and as many unknown validation examples; UserError where there are none."""
    for key, examples in {"validation_examples": validation.known, "validation_outliers": validation.unknown}.items():
        if not len(examples):
            raise UserError(f"{key}: none given, but this score is fitted on them; set it in the study or its base")
    return spread(validation.known, count), spread(validation.unknown, count)


def spread(examples: Tensor, count: int) -> Tensor:
    """At most `count` examples, evenly spaced, so that every kind in a concatenation of kinds is among them."""
    if len(examples) <= count:
        return examples
    return examples[torch.arange(count, device=examples.device) * len(examples) // count]
