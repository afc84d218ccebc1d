"""Distance to the nearest class in the feature space of every layer, weighted by a logistic regression."""

from collections.abc import Callable
from typing import ClassVar, cast

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.ood_score import OODScore, Validation, ascent_of, search_sides
from pipeline.ops.detection import auroc, fpr95, single
from pipeline.ops.gaussian import nearest_class, tied_gaussians
from pipeline.ops.logistic import fit_logistic


class Mahalanobis(OODScore):
    """M_l(x) = max_c -(f_l(x) - mu_lc)^T Sigma_l^-1 (f_l(x) - mu_lc) (equation 2), score sum_l alpha_l M_l(x^_l).

    f_l is layer l's feature map averaged over space; mu and the tied Sigma come from the training examples
    (equation 1). Each layer has its own x^_l = x + epsilon sign(grad_x M_l(x)) (equation 4, algorithm 1). alpha is a
    logistic regression on half of the validation examples (every second one, since kinds lie in a row); the other
    half chooses epsilon from the authors' grid by FPR at 95% TPR, ties by AUROC, then in the grid's order.
    Departures: the regression has C = 1 on standardised M_l, the code cross-validates C on plain ones; the code
    halves M_l, which standardising undoes. epsilon is in pixels of [0, 1], as in the code. A singular Sigma (dead
    channels) gets the pseudo-inverse, as there.
    """

    paper = "mahalanobis"
    requires = ("validation_examples > 0", "len(validation_outliers) > 0")
    search_examples: int = setting(1000, unit="validation examples of each side", low=40)

    magnitudes: ClassVar[tuple[float, ...]] = (0.0, 0.0005, 0.001, 0.0014, 0.002, 0.005, 0.01)

    def fit(self, validation: Validation) -> dict[str, float]:
        self.std = validation.std
        self.fit_gaussians(validation.train_inputs, validation.train_labels)
        known, unknown = map(self.search, search_sides(validation, self.search_examples))
        best: tuple[float, float] | None = None
        for magnitude, inside, outside in zip(self.magnitudes, known, unknown, strict=True):
            sample = torch.cat([inside[::2], outside[::2]])
            labels = torch.arange(len(sample), device=sample.device) < len(inside[::2])
            mean, deviation = sample.mean(0), sample.std(0, correction=0).clamp_min(1e-12)
            weights = fit_logistic((sample - mean) / deviation, labels)[0] / deviation
            a, b = inside[1::2] @ weights, outside[1::2] @ weights
            rank = single(fpr95, a, b), -single(auroc, a, b)
            if best is None or rank < best:
                best, self.magnitude, self.weights = rank, magnitude, weights
        return {"epsilon": self.magnitude} | {f"alpha_{i}": float(w) for i, w in enumerate(self.weights)}

    def layer_features(self, inputs: Tensor) -> list[Tensor]:
        layers = cast("Callable[[Tensor], list[Tensor]]", self.model.encoder.layers)
        return [layer.double().mean((2, 3)) for layer in layers(inputs)]

    def fit_gaussians(self, inputs: Tensor, labels: Tensor) -> None:
        """Class means and precision of each layer."""
        with torch.no_grad():
            parts = [self.layer_features(part) for part in inputs.split(self.batch_size)]
        self.gaussians = [tied_gaussians(torch.cat(layer), labels) for layer in zip(*parts, strict=True)]

    def confidence(self, inputs: Tensor, layer: int) -> Tensor:
        return -nearest_class(self.layer_features(inputs)[layer], *self.gaussians[layer])

    def search(self, inputs: Tensor) -> Tensor:
        """(magnitudes, N, layers) confidences after each layer's own step."""
        return torch.cat([self.perturbed(part, self.magnitudes) for part in inputs.split(self.batch_size)], dim=1)

    def perturbed(self, inputs: Tensor, magnitudes: tuple[float, ...]) -> Tensor:
        """(magnitudes, B, layers); one pass serves the gradients of all layers, and all layers without a step."""
        x = inputs.detach().clone().requires_grad_(any(magnitudes))
        with torch.set_grad_enabled(any(magnitudes)):
            still = [-nearest_class(f, *g) for f, g in zip(self.layer_features(x), self.gaussians, strict=True)]
        layers = []
        for layer, before in enumerate(still):
            step = ascent_of(before, x, self.std) if any(magnitudes) else x
            moved = [self.confidence(inputs + m * step, layer) if m else before for m in magnitudes]
            layers.append(torch.stack(moved).detach())
        return torch.stack(layers, dim=2)

    def score(self, inputs: Tensor) -> Tensor:
        return self.perturbed(inputs, (self.magnitude,))[0] @ self.weights
