"""The class whose mean is nearest, after features are centred and brought to unit length."""

from pipeline.contract import Tensor, setting
from pipeline.methods.few_shot import Frozen, class_means
from pipeline.ops.prototypes import normalised, squared_distances


class NearestCentroid(Frozen):
    """y(x) = argmin_c |x - m_c|^2, m_c the mean of the support's features of class c.

    CL2N (section 3.2): features less the mean of the base classes' training features, then at unit length. L2N leaves
    the mean where it is; UN takes features as they are.
    """

    paper = "simple_shot"
    transform: str = setting("CL2N", choices=("UN", "L2N", "CL2N"))

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        if self.transform != "UN":
            centre = self.known_mean if self.transform == "CL2N" else self.known_mean * 0
            support, queries = normalised(support, centre), normalised(queries, centre)
        return -squared_distances(queries, class_means(support, labels))
