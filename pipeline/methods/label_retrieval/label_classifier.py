"""A free vector for each label in place of its encoded image: what is known of a label is learned from its queries."""

from pipeline.contract import Context, Tensor, nn, torch
from pipeline.methods.label_retrieval import DualEncoder, decoupled


class LabelClassifier(DualEncoder):
    """s_l = cos(f(x), w_l) / tau with w_l (D,) of its own for each label, and the loss of `decoupled_softmax`.

    The classifier that dual encoders are held against: its weights grow with the number of labels.
    """

    paper = ""

    def build(self, context: Context) -> None:
        super().build(context)
        self.vectors = nn.Parameter(torch.randn(context.num_classes, context.feature_dim))

    def scores(self, images: Tensor) -> Tensor:
        return self.compare(self.together(images, self.documents[:0])[0], self.vectors)

    def objective(self, scores: Tensor, labels: Tensor) -> Tensor:
        return decoupled(scores, labels)
