"""A network that has never seen noise votes under it: what smoothing makes of training as usual."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.smoothing import Smoothed


class RSUndefended(Smoothed):
    """L = -log p_y(x), without noise, certified as `rs_gaussian` is, which it shows the worth of."""

    paper = "randomized_smoothing"
    sigma: float = setting(0.25, unit="raw range", low=1.0e-6)

    def loss(self, batch: Batch) -> Tensor:
        return self.fit_to(batch.views[0], batch.labels)
