"""Classifiers whose layers have learning rates of their own, renewed before every epoch."""

from collections.abc import Callable, Sequence

from pipeline.contract import Tensor, nn, setting, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.spectral_exponents import layers


class LayerRates(CrossEntropy):
    """The study's optimiser with the rate eta s_l in layer l, weights and biases, by its spectrum's exponent alpha_l.

    s_l goes linearly from `low` at the least alpha of all layers, whose spectrum has the heaviest tail, to `high` at
    the greatest. What is in no such layer keeps eta. Members say how alpha is estimated.
    """

    low: float = setting(0.5, unit="of the learning rate", low=0.0)
    high: float = setting(1.5, unit="of the learning rate", low=0.0)

    optimizer: torch.optim.Optimizer

    def alpha(self, weight: Tensor) -> float:
        """The exponent of a layer, by its weight (out, in) or kernel (out, in, h, w)."""
        raise NotImplementedError

    def optimizers(
        self, make: Callable[[nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        """The study's optimiser with its groups divided by layer."""
        self.optimizer = make(self)
        places = {id(p): place for place, layer in enumerate(layers(self)) for p in layer.parameters()}
        divided = []
        for group in self.optimizer.param_groups:
            for place in range(-1, len(layers(self))):
                own = [p for p in group["params"] if places.get(id(p), -1) == place]
                if own:
                    divided.append({**group, "params": own, "layer": place, "scale": 1.0})
        self.optimizer.param_groups = divided
        return [self.optimizer]

    @torch.no_grad()
    def start_epoch(self, epoch: int) -> None:
        alphas = [self.alpha(layer.weight) for layer in layers(self)]
        low, high = min(alphas), max(alphas)
        for group in self.optimizer.param_groups:
            if group["layer"] >= 0 and high > low:
                share = (alphas[group["layer"]] - low) / (high - low)
                group["scale"] = self.low + (self.high - self.low) * share
