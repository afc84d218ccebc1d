"""Scores of a trained classifier that tell known from unknown inputs, after training."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.contract import Method, Tensor, torch
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
    train first (`trains = True`) are trained by the loop like any method, from `context.base`, beside `context.wild`
    where the study gives wild images; then they are evaluated like the others.
    Scores of members that perturb inputs need autograd: call them under no_grad at most, not inference_mode.
    """

    driver = "posthoc"
    trains = False
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

    def scores(self, inputs: Tensor) -> Tensor:
        """Scores of any number of inputs, in batches."""
        return torch.cat([self.score(part).detach() for part in inputs.split(self.batch_size)])


def ascent(inputs: Tensor, confidence: Callable[[Tensor], Tensor], std: Tensor) -> Tensor:
    """The step of one pixel unit that raises a confidence (B,) most in the maximum norm: sign(grad) / std.

    Known inputs gain more from it than unknown ones (ODIN, section 3). A pixel without gradient is not moved:
    sign(0) = 0, where the authors' code of ODIN and of Mahalanobis takes +1.
    """
    with torch.enable_grad():
        x = inputs.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(confidence(x).sum(), x)
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
