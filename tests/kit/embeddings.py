"""What tests of representations share: embeddings of views as plain lists, and slow statistics of them in float64."""

import itertools
import math

import pytest
import torch
from torch import nn

from pipeline.methods.momentum_contrast.moco_v2 import MoCoV2
from tests.kit.methods import batch, dot, made, step, unit


def several(count, size=5, dim=4, seed=3):
    """Embeddings (B, D) of several views."""
    torch.manual_seed(seed)
    return [torch.randn(size, dim) for _ in range(count)]


def units(z):
    """Embeddings of several views as lists of unit vectors, in float64."""
    return [[unit(row) for row in view.double().tolist()] for view in z]


def anchors(z):
    """(anchor, its positive, its negatives) of the 2B unit embeddings of two views."""
    views = units(z)
    for view, i in itertools.product((0, 1), range(len(z[0]))):
        others = [row for other in (0, 1) for j, row in enumerate(views[other]) if j != i]
        yield views[view][i], views[1 - view][i], others


def cosine(a, b):
    return dot(unit(a), unit(b))


def info_nce(positive, negatives, temperature):
    """-log exp(p / t) / (exp(p / t) + sum_n exp(n / t)) of cosines."""
    above = math.exp(positive / temperature)
    return -math.log(above / (above + sum(math.exp(n / temperature) for n in negatives)))


def columns(z):
    return [list(column) for column in zip(*z.double().tolist(), strict=True)]


def loop_covariance(z, correction=1):
    """Of embeddings (B, D), as D lists of D."""
    result = []
    for a in columns(z):
        row = []
        for b in columns(z):
            mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
            row.append(sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)) / (len(a) - correction))
        result.append(row)
    return result


def uncorrelated():
    """(8, 3): columns of a Hadamard matrix, each of mean 0 and variance 1."""
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    return torch.kron(torch.kron(signs, signs), signs)[:, 1:4]


def loop_sinkhorn(scores, epsilon, iterations):
    """Codes (B, K) of scores (B, K); inside, columns are samples, as in the paper: Q (K, B)."""
    samples, clusters = scores.shape
    q = [[math.exp(float(scores[b, k]) / epsilon) for b in range(samples)] for k in range(clusters)]
    whole = sum(map(sum, q))
    q = [[x / whole for x in row] for row in q]
    for _ in range(iterations):
        q = [[x / sum(row) / clusters for x in row] for row in q]
        sums = [sum(row[b] for row in q) for b in range(samples)]
        q = [[row[b] / sums[b] / samples for b in range(samples)] for row in q]
    return torch.tensor(q, dtype=torch.float64).T * samples


def predictions_and_projections(method, data):
    """Of a method with predictor, for both views, as plain lists."""
    with torch.no_grad():
        z = method.embed(data.views)
        p = method.predictor(torch.cat(z)).chunk(2)
    return [part.double().tolist() for part in p], [part.double().tolist() for part in z]


def queries_and_keys(method, data):
    """q and k (B, D) float64 of a momentum-contrast method without batch normalisation."""
    with torch.no_grad():
        q = method.unit(method.projector(method.encoder(data.views[0])))
        return q.double(), method.unit(method.key_encoder(data.views[1])).double()


def layer_names(head):
    return [type(layer).__name__ for layer in head]


def gradient_free(module):
    return all(p.grad is None or not p.grad.any() for p in module.parameters())


def gradients_of_all(*parts):
    """Whether every parameter of every part, but for biases, has a gradient that is not 0 all over."""
    parameters = (p for part in parts for p in (part.parameters() if isinstance(part, nn.Module) else [part]))
    return all(p.grad is not None and bool(p.grad.any()) for p in parameters if p.ndim > 1)


def adaptive_temperature(method, a, b):
    """tau of the pair of vectors a and b, of a method with AMCL's contrast."""
    with torch.no_grad():
        phi_a, phi_b = (method.adaptive.phi(torch.tensor(z, dtype=torch.float32)).double().tolist() for z in (a, b))
    return method.span / (1 + math.exp(dot(phi_a, phi_b))) + method.temperature


def adaptive_pair(method, anchor, positive, negatives):
    """AMCL's equation 2.1, with the sum, for one anchor and head."""
    terms = []
    for other in [positive, *negatives]:
        t = adaptive_temperature(method, anchor, other)
        terms.append(dot(anchor, other) / t - method.beta * (len(anchor) / 2 * math.log(t) + 1 / t))
    return -terms[0] + math.log(sum(math.exp(t) for t in terms[1:]))


def check_that_it_trains_as_moco(method):
    """The same losses over two steps as MoCo v2 with the same weights; further modules draw further numbers."""
    reference, losses = made(MoCoV2), []
    method.load_state_dict({**method.state_dict(), **reference.state_dict()})
    method.momentum = reference.momentum = 0.9
    for one in (reference, method):
        losses.append([])
        for seed in (1, 2):
            data = batch(seed=seed)
            torch.manual_seed(0)
            losses[-1].append(step(one, data).item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@torch.no_grad()
def loop_mim(method, view, noise):
    """MIM's objective without any contrast, for given noise of the codes, image by image."""
    mean, log_variance = (part.double() for part in method.code(method.encoder(view)))
    z = mean + noise.double() * (log_variance / 2).exp()
    made_again = method.output(method.hidden(z.float())).double()
    total = 0.0
    for i in range(len(view)):
        q, prior, likelihood = 0.0, 0.0, 0.0
        for d in range(z.shape[1]):
            variance = math.exp(log_variance[i, d])
            q += -0.5 * (math.log(2 * math.pi * variance) + float(z[i, d] - mean[i, d]) ** 2 / variance)
            prior += -0.5 * (math.log(2 * math.pi) + float(z[i, d]) ** 2)
        for x, again in zip(view[i].flatten().tolist(), made_again[i].flatten().tolist(), strict=True):
            likelihood += -0.5 * (math.log(2 * math.pi) + (x - again) ** 2)
        total -= likelihood + 0.5 * (q + prior)
    return total / view.numel()


def descend(module, loss, steps, rate):
    """The losses of plain gradient steps, in one thread, since all that is multiplied here is small."""
    values, parameters, threads = [], list(module.parameters()), torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(steps):
        values.append(loss())
        for p, gradient in zip(parameters, torch.autograd.grad(values[-1], parameters), strict=True):
            p.data -= rate * gradient
    torch.set_num_threads(threads)
    return [value.item() for value in values]
