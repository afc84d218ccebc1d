"""Positive places of the class activation maps are boosted before pooling, since unseen labels have damped them."""

import math

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.multi_label import MultiLabel


class BoostLU(MultiLabel):
    """f_k = mean over places of BoostLU(M_k), M = W A + b on the last feature maps A; BoostLU(x) = max(x, alpha x).

    The loss is that of `assume_negative` less the largest losses of a batch, which are taken for false negatives: of
    the labels not seen, those whose loss is among the ceil(B K rate) largest count nothing (the mean stays over all
    B K). Both as in the authors' code, which applies BoostLU from the first step on and in evaluation, alpha = 5,
    and has three schemes for large losses, of which this is rejection (LL-R): its rate grows by 0.5% with each of 10
    epochs, here linearly to `rejected` over training. `rejected` = 0 is BoostLU alone, alpha = 1 rejection alone, and
    both `assume_negative`. Their pretrained ResNet-50, and ten times the rate for W, are not here.
    """

    paper = "boost_lu"
    alpha: float = setting(5.0, low=1.0)
    rejected: float = setting(0.05, unit="share of a batch's labels at the end", low=0.0, high=1.0)

    def logits(self, images: Tensor) -> Tensor:
        deepest = self.encoder.layers(images)[-1]  # type: ignore[operator]
        maps = F.conv2d(deepest, self.head.weight[:, :, None, None], self.head.bias)
        return maps.maximum(self.alpha * maps).mean((2, 3))

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        losses = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        count = math.ceil(losses.numel() * self.rejected * self.progress)
        if count:
            unseen = losses.detach().masked_fill(labels > 0, 0.0)
            losses = losses.masked_fill((unseen >= unseen.flatten().topk(count).values[-1]) & (labels == 0), 0.0)
        return losses.mean()
