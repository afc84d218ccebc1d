"""Divergences between predictions."""

from torch import Tensor


def kl_of_logits(reference: Tensor, logits: Tensor) -> Tensor:
    """KL(softmax(reference) || softmax(logits)) of logits (B, K), in nats, averaged over the batch."""
    log_p, log_q = reference.log_softmax(1), logits.log_softmax(1)
    return (log_p.exp() * (log_p - log_q)).sum(1).mean()
