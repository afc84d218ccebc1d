"""A hot softmax after a small step of the input towards its predicted class, which known inputs answer to more."""

from typing import ClassVar

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.ood_score import OODScore, Validation, ascent, search_sides
from pipeline.ops.detection import auroc, fpr95, single


class ODIN(OODScore):
    """S(x~; T) = max_k softmax_k(f(x~) / T), x~ = x - epsilon sign(-grad_x log S_yhat(x; T)) (equations 1 and 2).

    T and epsilon minimise the FPR at 95% TPR on validation data, over the paper's grid: ten temperatures from 1 to
    1000 and 21 evenly spaced epsilon from 0 to 0.004. Ties, of which the paper does not speak, go to the higher
    AUROC, then to the smaller T and epsilon. epsilon is in pixels of [0, 1]: the step is divided by the
    normalisation's standard deviation, as in the authors' code, and like there pixels are not clipped.
    The validation outliers are of other kinds than the test's; the paper tunes on one set of natural images.
    T = 1 with epsilon = 0 is MSP.
    """

    paper = "odin"
    requires = ("validation_examples > 0", "len(validation_outliers) > 0")
    search_examples: int = setting(1000, unit="validation examples of each side", low=20)
    epsilons: int = setting(21, unit="evenly spaced magnitudes", low=2)

    temperatures: ClassVar[tuple[float, ...]] = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

    def fit(self, validation: Validation) -> dict[str, float]:
        self.std = validation.std
        sides = search_sides(validation, self.search_examples)
        magnitudes = [0.004 * i / (self.epsilons - 1) for i in range(self.epsilons)]
        best: tuple[float, float] | None = None
        for temperature in self.temperatures:
            grids = [self.search(side, temperature, magnitudes) for side in sides]
            for magnitude, inside, outside in zip(magnitudes, *grids, strict=True):
                rank = single(fpr95, inside, outside), -single(auroc, inside, outside)
                if best is None or rank < best:
                    best = rank
                    self.temperature, self.magnitude = temperature, magnitude
        return {"temperature": float(self.temperature), "epsilon": self.magnitude}

    def search(self, inputs: Tensor, temperature: float, magnitudes: list[float]) -> Tensor:
        """(magnitudes, N) scores; the gradient is taken once for all magnitudes."""
        parts = [self.perturbed(part, temperature, magnitudes) for part in inputs.split(self.batch_size)]
        return torch.cat(parts, dim=1)

    def perturbed(self, inputs: Tensor, temperature: float, magnitudes: list[float]) -> Tensor:
        def confidence(x: Tensor) -> Tensor:
            return (self.logits(x) / temperature).log_softmax(1).amax(1)

        step = ascent(inputs, confidence, self.std) if any(magnitudes) else torch.zeros_like(inputs)
        return torch.stack([confidence(inputs + magnitude * step).detach().exp() for magnitude in magnitudes])

    def score(self, inputs: Tensor) -> Tensor:
        return self.perturbed(inputs, self.temperature, [self.magnitude])[0]
