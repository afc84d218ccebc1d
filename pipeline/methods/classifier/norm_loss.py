"""In place of weight decay, a pull of each filter to length one instead of zero."""

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.weights import row_lengths, weighted_layers


class NormLoss(CrossEntropy):
    """L = cross-entropy + lambda sum_i (1 - |w_i|)^2 over the rows w_i of all kernels and matrices, the head's too.

    A row is what makes one output: (in, h, w) of a convolution, (in,) of a linear map. Its gradient is
    -2 lambda (1 / |w_i| - 1) w_i; at w_i = 0 none. It stands for weight decay, so the study gives it none.

    Of the paper only the abstract was at hand, and that names no lambda; 0.01 is ours.
    """

    paper = "norm_loss"
    strength: float = setting(0.01, unit="lambda", low=0.0)

    def loss(self, batch: Batch) -> Tensor:
        lengths = torch.cat([row_lengths(layer.weight) for layer in weighted_layers(self)])
        return super().loss(batch) + self.strength * ((1 - lengths) ** 2).sum()
