"""What tests of classifiers share: five classes of which some are rare, slow losses, rules for every member."""

import copy
import dataclasses
import math

import torch

from tests.kit.methods import CONTEXT, FEATURES, batch, classifier, dot, made, on, trained, unit

B, K = 9, 5
"""Examples and classes of the fixtures `logits` and `labels`."""
COUNTS = (400, 90, 30, 7, 3)
FIVE = dataclasses.replace(CONTEXT, num_classes=K, train_examples=sum(COUNTS), class_counts=COUNTS)


def embedded(count=B, seed=2, dtype=torch.float32):
    """Features (count, FEATURES) as an encoder might put them out."""
    return torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


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


def cosines(features, weight):
    """Of features (B, D) with the rows of a weight (K, D), as lists."""
    directions = [unit(w) for w in weight.double().tolist()]
    return [[dot(unit(x), w) for w in directions] for x in features.double().tolist()]


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


def member(cls, context=CONTEXT, **settings):
    """A built method, upon a trained classifier where it builds on a run."""
    base = trained(classifier(seed=7)) if cls.builds_on else None
    return made(cls, context=on(base, context), **settings)


def predictions(method, images):
    """Logits of a classifier in evaluation."""
    with torch.no_grad():
        return method.eval().logits(method.encoder(images))


def kept(method):
    """The state that evaluation is given."""
    return {name: value for name, value in method.state_dict().items() if not name.startswith(method.training_only)}


def check_kept_state(method, fresh, images):
    """A method built from other draws, given what evaluation is given, predicts as the trained one does."""
    missing, unexpected = fresh.load_state_dict(kept(method), strict=False)
    assert not unexpected and all(name.startswith(method.training_only) for name in missing)
    want = predictions(method, images)
    assert torch.equal(predictions(fresh, images), want) and torch.equal(predictions(method, images), want)


def check_reach(method, data):
    """The loss has a finite gradient, not all zeros, in every parameter but a bias before batch normalisation."""
    method.backward(data)
    for name, parameter in method.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert name == "encoder.convolution.bias" or parameter.grad.any(), name


def check_order(objective, reordered, logits, labels):
    """Classes are alike: `reordered` says of classes in the order 3, 1, 4, 0, 2 what `objective` says of them."""
    order = torch.tensor([3, 1, 4, 0, 2])
    torch.testing.assert_close(reordered(logits[:, order], order.argsort()[labels]), objective(logits, labels))


def doubled(data):
    """The batch in float64."""
    return dataclasses.replace(data, views=[view.double() for view in data.views])


ORDER = [3, 0, 2, 5, 1, 4, 11, 6, 10, 7, 9, 8]
"""Partners of a batch's examples, of which one is its own."""


def fixed(monkeypatch, module, share):
    """Let a module's mixtures have this share, and the partners of ORDER."""
    monkeypatch.setattr(module, "share", lambda alpha: share)
    monkeypatch.setattr(module, "partners", lambda images: torch.tensor(ORDER))


def loop_contrast(z, labels, temperature):
    """SupCon (equation 2) of unit vectors, one anchor and one positive at a time."""
    total = 0.0
    for i, anchor in enumerate(z):
        others = [j for j in range(len(z)) if j != i]
        below = sum(math.exp(dot(anchor, z[j]) / temperature) for j in others)
        positives = [j for j in others if labels[j] == labels[i]]
        total -= sum(math.log(math.exp(dot(anchor, z[j]) / temperature) / below) for j in positives) / len(positives)
    return total / len(z)


def embeddings(method, data):
    """Unit embeddings of all views of a contrastive classifier, as lists; a zero vector stays one."""
    with torch.no_grad():
        z = method.embed(torch.cat(data.views)).double()
    return [unit(row) if any(row) else row for row in z.tolist()]


def sums_over_labels(method, logits):
    """Of each row of logits, the losses of all labels that it may have, added up."""
    return [sum(method.objective(z[None], torch.tensor([k])).item() for k in range(len(z))) for z in logits]


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


def five_classes(frequent=K):
    """A batch of which only the first `frequent` of five classes occur."""
    whole = batch(("full",))
    return dataclasses.replace(whole, labels=torch.arange(len(whole.labels)) % frequent)


def displaced(method, data):
    """A copy with its weights moved by rho g / |g|, g the gradient in all of them together."""
    method = copy.deepcopy(method)
    gradients = torch.autograd.grad(method.loss(data), list(method.parameters()))
    length = math.sqrt(sum(v * v for g in gradients for v in g.flatten().tolist()))
    with torch.no_grad():
        for parameter, slope in zip(method.parameters(), gradients, strict=True):
            parameter += method.rho * slope / length
    return method


def check_sharp(method, data):
    """A sharpness-aware step's gradient is that of the loss at the displaced weights, and its weights are not moved."""
    before, worst = copy.deepcopy(method), displaced(method, data)
    loss, above = copy.deepcopy(method).loss(data), worst.loss(data)
    torch.testing.assert_close(method.backward(data), loss)
    assert above > loss
    want = torch.autograd.grad(above, list(worst.parameters()))
    for now, then, slope in zip(method.parameters(), before.parameters(), want, strict=True):
        assert torch.equal(now, then)
        torch.testing.assert_close(now.grad, slope, atol=1e-5, rtol=1e-3)


def check_sharp_by_differences(method, data):
    """The same by central differences, of a method in float64 without batch normalisation."""
    worst = displaced(method, data)
    method.backward(data)
    for now, there in zip(method.parameters(), worst.parameters(), strict=True):
        torch.testing.assert_close(now.grad, differences(lambda: worst.loss(data), there, 1e-7), atol=1e-6, rtol=1e-4)
