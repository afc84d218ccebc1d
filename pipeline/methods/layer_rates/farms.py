"""Layer-wise rates by exponents that do not depend on a matrix's shape: spectra of submatrices of one aspect ratio."""

from pipeline.contract import Tensor, setting
from pipeline.methods.layer_rates import LayerRates
from pipeline.ops.spectral_exponents import windowed


class FARMS(LayerRates):
    """`temp_balance` with alpha_l of the pooled spectra of square windows of layer l's weights (Hu et al. 2025).

    `side` and `per_side` are those of the authors' settings for image classification (100 rows, 9 windows along each
    side, Q = 1). A matrix with a side below 100 is cut by their code into windows of another aspect ratio; here the
    windows get smaller and stay square, as the paper's text asks. Kernels are treated as in their code, which averages
    the exponents of blocks, where the text averages spectra.
    """

    paper = "farms"
    side: int = setting(100, unit="rows", low=5)
    per_side: int = setting(9, low=1)

    def alpha(self, weight: Tensor) -> float:
        return windowed(weight, self.side, self.per_side)
