"""The softmax is over the classes of the batch and a few others drawn at random, anew at every step."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.embedding import ClassCentres
from pipeline.ops.retrieval import cosines


class PartialFC(ClassCentres):
    """CosFace over P and a uniform draw of the other classes, floor(r C) in all, P being the classes of the batch.

    Over P alone where these are more. r = 0.1 is the papers', m = 0.4 and s = 64 those of their code; r = 1 is CosFace.
    CosFace's margin adds to a cosine, so that the code's gradient and the formula's are one.

    The text updates the drawn directions alone. As in the authors' second version all of them are one parameter here:
    those not drawn have no gradient, but the optimiser's momentum and weight decay still move them. `filter_above` is
    their code's filter of abnormal similarities, which makes the cosines of negatives above it 0; at 1 there is none.
    """

    paper = "partial_fc"
    rate: float = setting(0.1, unit="share of classes", low=0.0, high=1.0)
    scale: float = setting(64.0, unit="logits per cosine", low=1e-6)
    margin: float = setting(0.4, unit="cosine", low=0.0, high=1.0)
    filter_above: float = setting(1.0, unit="cosine", low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.classes = context.num_classes

    def loss(self, batch: Batch) -> Tensor:
        embeddings = self.encoder(batch.views[0]).float()
        chosen = self.chosen(batch.labels)
        places = torch.searchsorted(chosen, batch.labels)
        return self.chosen_loss(embeddings, self.head.weight[chosen].float(), places)

    def chosen(self, labels: Tensor) -> Tensor:
        """(k,) ascending: the classes of labels (B,), and as many of the others as there is room for."""
        present = labels.unique()
        room = int(self.rate * self.classes) - len(present)
        if room <= 0:
            return present
        order = torch.randperm(self.classes).to(labels.device)
        others = order[~torch.isin(order, present)]
        return torch.cat([present, others[:room]]).sort().values

    def chosen_loss(self, embeddings: Tensor, directions: Tensor, labels: Tensor) -> Tensor:
        """Of embeddings (B, D), the chosen classes' directions (k, D), and labels (B,) by place among these."""
        return self.centre_loss(cosines(embeddings, directions), labels, embeddings)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        own = labels[:, None]
        if self.filter_above < 1:
            others = (cosines > self.filter_above).scatter(1, own, False)
            cosines = cosines.masked_fill(others, 0.0)
        target = self.target(cosines.gather(1, own))
        return F.cross_entropy(self.scale * cosines.scatter(1, own, target), labels)

    def target(self, cosine: Tensor) -> Tensor:
        """The true class's cosines with the margin applied."""
        return cosine - self.margin
