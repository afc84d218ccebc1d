"""DCL that pulls harder on the positive pairs that are still far apart."""

from pipeline.contract import Tensor, setting
from pipeline.methods.joint_embedding.dcl import DCL


class DCLW(DCL):
    """Negative von Mises-Fisher weights: w_i = 2 - exp(<z_i^(1), z_i^(2)>/sigma) / E_j exp(<z_j^(1), z_j^(2)>/sigma).

    Their mean over the batch is 1, and sigma -> infinity gives DCL. The paper does not say whether gradient
    passes through w; it does here, as the loss is written.
    """

    paper = "dcl"
    sigma: float = setting(0.5, unit="cosine", low=1e-3)

    def weights(self, positives: Tensor) -> Tensor:
        # both directions of a pair have the same cosine, so the mean over 2B is the mean over B
        return 2 - len(positives) * (positives / self.sigma).softmax(0)
