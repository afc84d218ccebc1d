"""Supervised contrast of embeddings without negative entries, whose classes become orthogonal however rare they are."""

from pipeline.contract import Tensor
from pipeline.methods.contrastive_classifier.sup_con_classifier import SupConClassifier


class SupConReLU(SupConClassifier):
    """The loss of SupCon with z = ReLU(g(f(x))) / |ReLU(g(f(x)))|.

    Cosines are then at least 0, so that the other classes' least is an orthogonal frame, whatever the classes' sizes.
    The paper puts the ReLU at the final layer before normalisation; here that is the projector's output. An embedding
    with no positive entry stays 0 and contrasts as orthogonal to all.
    """

    paper = "sup_con_geometry"

    def embed(self, images: Tensor) -> Tensor:
        return super().embed(images).relu()
