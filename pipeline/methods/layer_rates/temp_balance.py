"""Layers whose weights' spectra have the heaviest tails, and so are trained furthest, get smaller learning rates."""

from pipeline.contract import Tensor
from pipeline.methods.layer_rates import LayerRates
from pipeline.ops.spectral_exponents import plain


class TempBalance(LayerRates):
    """TempBalance of Zhou et al. (2023), with alpha_l of layer l's whole spectrum (the method that FARMS amends).

    alpha is Hill's estimate over the upper half of the eigenvalues, as in the code of Hu et al. (2025). Its ranges of
    rates are tuned for each network, from 0.1 to 1.9 and from 0.6 to 1.4 around 1; 0.5 to 1.5 is its default. There
    first and last layer keep the global rate in some settings; here all layers are balanced.
    """

    paper = "farms"

    def alpha(self, weight: Tensor) -> float:
        return plain(weight)
