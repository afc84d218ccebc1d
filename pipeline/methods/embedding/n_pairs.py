"""An image must be more like its own class's other image than like every other class's, all at once in a softmax."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import Embedding
from pipeline.ops.class_batches import occurrences


class NPairs(Embedding):
    """Equation 7: L = 1/N sum_i log(1 + sum_{j != i} exp(z_i . z_j+ - z_i . z_i+)) + lambda / (2 N) sum |z|^2.

    A batch has N classes with an anchor z_i and a positive z_i+ each; more images of a class are not used. Embeddings
    have any length in training, which the second term keeps short, and unit length where they are tested, as in the
    paper. lambda is not in the text that could be read: 0.02 is ours.
    """

    paper = "n_pairs"
    images_per_class: int = setting(2, unit="images of each class of a batch, 0 for random batches", low=0)
    regularisation: float = setting(0.02, unit="weight", low=0.0)

    def pair_loss(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        order = labels.argsort(stable=True)
        second = (occurrences(labels)[order] == 1).nonzero().squeeze(1)
        anchors, positives = embeddings[order[second - 1]], embeddings[order[second]]
        if not len(second):
            return 0.0 * embeddings.sum()
        right = torch.arange(len(second), device=labels.device)
        length = (anchors.square().sum(1) + positives.square().sum(1)).mean() / 2
        return F.cross_entropy(anchors @ positives.T, right) + self.regularisation * length
