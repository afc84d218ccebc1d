"""Slow losses of logits and features in plain floats, and slow or numerical gradients."""

import math

import torch

from tests.kit.methods import dot, unit


def softmax(z):
    return [math.exp(v) for v in log_softmax(z)]


def log_softmax(z):
    top = max(z)
    total = top + math.log(sum(math.exp(v - top) for v in z))
    return [v - total for v in z]


def cross_entropy(z, y):
    return -log_softmax(z)[y]


def rows(logits, labels):
    """Pairs of a list of logits and a label."""
    return zip(logits.double().tolist(), labels.tolist(), strict=True)


def mean_over(loss, logits, labels):
    return sum(loss(z, y) for z, y in rows(logits, labels)) / len(labels)


def soft_cross_entropy(logits, targets):
    """-sum_k t_k log p_k, averaged over rows."""
    return mean_over(lambda z, t: -dot(t, log_softmax(z)), logits, targets.double())


def normalised_cross_entropy(z, y):
    return cross_entropy(z, y) / sum(cross_entropy(z, k) for k in range(len(z)))


def binary_losses(logits, labels):
    """(value, seen) of each label of logits (B, K) and labels (B, K), row by row."""
    out = []
    for row, seen in rows(logits, labels):
        for f, y in zip(row, seen, strict=True):
            p = 1 / (1 + math.exp(-f))
            out.append((-math.log(p) if y else -math.log(1 - p), bool(y)))
    return out


def sums_over_labels(method, logits):
    """Of each row of logits, the losses of all labels that it may have, added up."""
    return [sum(method.objective(z[None], torch.tensor([k])).item() for k in range(len(z))) for z in logits]


def cosines(features, weight):
    """Of features (B, D) with the rows of a weight (K, D), as lists."""
    directions = [unit(w) for w in weight.double().tolist()]
    return [[dot(unit(x), w) for w in directions] for x in features.double().tolist()]


def loop_contrast(z, labels, temperature):
    """SupCon (equation 2) of unit vectors, one anchor and one positive at a time."""
    total = 0.0
    for i, anchor in enumerate(z):
        others = [j for j in range(len(z)) if j != i]
        below = sum(math.exp(dot(anchor, z[j]) / temperature) for j in others)
        positives = [j for j in others if labels[j] == labels[i]]
        total -= sum(math.log(math.exp(dot(anchor, z[j]) / temperature) / below) for j in positives) / len(positives)
    return total / len(z)


def gradient(loss, at):
    at = at.detach().clone().requires_grad_()
    loss(at).backward()
    return at.grad


def differences(loss, at, width=1e-5):
    """The gradient of a loss () in a tensor that it reads, by central differences, one entry at a time."""
    slope = torch.zeros_like(at)
    with torch.no_grad():
        for place in range(at.numel()):
            entry = at.view(-1)[place]
            before = entry.item()
            entry.fill_(before + width)
            above = loss()
            entry.fill_(before - width)
            slope.view(-1)[place] = (above - loss()) / (2 * width)
            entry.fill_(before)
    return slope
