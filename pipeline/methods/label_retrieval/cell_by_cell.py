"""A query's pieces are looked up one by one, and a label's score is that of the piece it fits best."""

from pipeline.contract import Tensor
from pipeline.methods.label_retrieval import DualEncoder, decoupled
from pipeline.ops.retrieval import cosines


class CellByCell(DualEncoder):
    """s_l = max_c cos(f(x_c), f(d_l)) over the cells x_c of a query, with the loss of `decoupled_softmax`.

    A query then has an embedding for each of its images, none of which must share it with another: what remains is how
    well single images are recognised.
    """

    paper = ""
    told = "which part of a query is one image"

    def compare(self, pieces: Tensor, labels: Tensor) -> Tensor:
        return cosines(pieces.flatten(0, 1), labels).unflatten(0, pieces.shape[:2]).amax(1)

    def objective(self, scores: Tensor, labels: Tensor) -> Tensor:
        return decoupled(scores, labels)
