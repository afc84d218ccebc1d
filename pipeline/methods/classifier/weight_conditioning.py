"""Each layer's weight is divided by its rows' lengths on the way forward, which brings its singular values together."""

from torch.nn.utils import parametrize

from pipeline.contract import Batch, Context, Tensor, nn
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.weights import row_lengths, weighted_layers


class RowEquilibration(nn.Module):
    """P W with P = diag(1 / |w_i|), a row w_i being what makes one output."""

    def forward(self, weight: Tensor) -> Tensor:
        lengths = row_lengths(weight).clamp_min(1e-12)
        return weight / lengths.view(-1, *[1] * (weight.ndim - 1))


class WeightConditioning(CrossEntropy):
    """Cross-entropy on a network whose layers compute P W x + b, P = diag(1 / |w_i|), in training and evaluation.

    Of all convolutions and linear maps of encoder and head; a kernel counts as its (out, in h w) matrix. Biases,
    normalisation and activations are untouched. What is trained is W, and the gradient flows through P.

    Of the paper only the abstract was at hand: it says matrices are conditioned, by a preconditioner from numerical
    linear algebra. Row equilibration, the left diagonal preconditioner of least condition number up to a factor of
    sqrt(rows) (van der Sluis), is the catalogue's reading. It has a consequence in these encoders: batch normalisation
    undoes any scaling of a kernel's rows, so there neither outputs nor gradients change, and the head, whose rows get
    length one, is all that is new.
    """

    paper = "weight_conditioning"

    def build(self, context: Context) -> None:
        super().build(context)
        for layer in weighted_layers(self):
            parametrize.register_parametrization(layer, "weight", RowEquilibration())

    def loss(self, batch: Batch) -> Tensor:
        # computed once a step, however often a layer reads its weight
        with parametrize.cached():
            return super().loss(batch)
