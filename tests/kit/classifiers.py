"""What tests of classifiers share: five classes of which some are rare, a base, rules for every member."""

import copy
import dataclasses
import math

import torch

from pipeline.contract import Bundle
from tests.kit.losses import differences, log_softmax
from tests.kit.methods import CONTEXT, FEATURES, SIZE, batch, classifier, made, on, trained, unit

B, K = 9, 5
"""Examples and classes of the fixtures `logits` and `labels`."""
COUNTS = (400, 90, 30, 7, 3)
FIVE = dataclasses.replace(CONTEXT, num_classes=K, train_examples=sum(COUNTS), class_counts=COUNTS)


def embedded(count=B, seed=2, dtype=torch.float32):
    """Features (count, FEATURES) as an encoder might put them out."""
    return torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def five_classes(frequent=K):
    """A batch of which only the first `frequent` of five classes occur."""
    whole = batch(("full",))
    return dataclasses.replace(whole, labels=torch.arange(len(whole.labels)) % frequent)


def doubled(data):
    """The batch in float64."""
    return dataclasses.replace(data, views=[view.double() for view in data.views])


MEAN, STD = CONTEXT.inputs.mean[0], CONTEXT.inputs.std[0]
"""Of the views of a batch."""


def pixels(seed=2, size=SIZE, dtype=torch.float64):
    """A batch whose one view has raw values from 0 to 1, some of them at the ends."""
    data = batch(("full",), seed=seed, size=size)
    return dataclasses.replace(data, views=[((data.views[0].to(dtype) / 3 + 0.5).clamp(0, 1) - MEAN) / STD])


def trained_base(seed=7):
    """A trained classifier for others to build on."""
    return trained(classifier(seed=seed))


def slow_targets(images, temperature):
    """(B, K) by loops: the base's predictions of images (B, ...), its logits divided by a temperature."""
    teacher = trained_base().double()
    taught = teacher.logits(teacher.encoder(images)).tolist()
    return torch.tensor([[math.exp(v) for v in log_softmax([z / temperature for z in row])] for row in taught]).double()


def member(cls, context=CONTEXT, **settings):
    """A built method, upon a trained classifier where it builds on a run."""
    several = Bundle({name: trained_base(seed) for seed, name in enumerate(getattr(cls, "bases", ()))})
    base = several if several.members else trained_base() if cls.builds_on else None
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
    """The loss has a finite gradient, not all zeros, in what is learnt, but for a bias before batch normalisation."""
    method.backward(data)
    for name, parameter in method.named_parameters():
        if not parameter.requires_grad:  # of a run that is built upon
            continue
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert name == "encoder.convolution.bias" or parameter.grad.any(), name


def check_loss(method, data):
    """The loss is the objective of the logits of the first view."""
    want = method.objective(method.logits(method.encoder(data.views[0])), data.labels)
    torch.testing.assert_close(method.loss(data), want)


def check_order(objective, reordered, logits, labels):
    """Classes are alike: `reordered` says of classes in the order 3, 1, 4, 0, 2 what `objective` says of them."""
    order = torch.tensor([3, 1, 4, 0, 2])
    torch.testing.assert_close(reordered(logits[:, order], order.argsort()[labels]), objective(logits, labels))


ORDER = [3, 0, 2, 5, 1, 4, 11, 6, 10, 7, 9, 8]
"""Partners of a batch's examples, of which one is its own."""


def fixed(monkeypatch, module, share):
    """Let a module's mixtures have this share, and the partners of ORDER."""
    monkeypatch.setattr(module, "share", lambda alpha: share)
    monkeypatch.setattr(module, "partners", lambda images: torch.tensor(ORDER))


def embeddings(method, data):
    """Unit embeddings of all views of a contrastive classifier, as lists; a zero vector stays one."""
    with torch.no_grad():
        z = method.embed(torch.cat(data.views)).double()
    return [unit(row) if any(row) else row for row in z.tolist()]


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
    """A step's gradient is the slope of the loss at the displaced weights, by central differences.

    Of a method in float64, without batch normalisation, which would see the weights move.
    """
    worst = displaced(method, data)
    method.backward(data)
    for now, there in zip(method.parameters(), worst.parameters(), strict=True):
        torch.testing.assert_close(now.grad, differences(lambda: worst.loss(data), there, 1e-7), atol=1e-6, rtol=1e-4)
