"""Each step compares some of an embedding's numbers, drawn at random, with the directions of some classes."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding.partial_fc import PartialFC
from pipeline.ops.margins import widened


class Unicom(PartialFC):
    """ArcFace over a random part of the classes, as in `partial_fc`, by a random share of the dimensions.

    Embeddings and directions are made unit length again after the choice, which is the same for all of a step.

    m = 0.3 and s = 32 are the authors' for fine-tuning. The shares of their training on a million clusters are not in
    their code: half of the dimensions is ours, a tenth of the classes is `partial_fc`'s. With all of both it is
    ArcFace. The margin has its true gradient; their code takes that of the cosine without it.
    """

    paper = "unicom"
    scale: float = setting(32.0, unit="logits per cosine", low=1e-6)
    margin: float = setting(0.3, unit="radians", low=0.0, high=1.57)
    dimensions: float = setting(0.5, unit="share of dimensions", low=0.0, high=1.0)

    def chosen_loss(self, embeddings: Tensor, directions: Tensor, labels: Tensor) -> Tensor:
        count = max(1, int(self.dimensions * embeddings.shape[1]))
        if count < embeddings.shape[1]:
            kept = torch.randperm(embeddings.shape[1])[:count].to(labels.device)
            embeddings, directions = embeddings[:, kept], directions[:, kept]
        return super().chosen_loss(embeddings, directions, labels)

    def target(self, cosine: Tensor) -> Tensor:
        return widened(cosine, self.margin)
