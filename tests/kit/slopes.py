"""What tests of methods with several gradients share: gradients as lists of numbers, at points near the weights."""

import copy

import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made, step


def numbers(tensors):
    """All entries, tensor by tensor."""
    return [value for tensor in tensors for value in tensor.detach().flatten().tolist()]


def moved(method, steps):
    """A copy with its weights moved by a list of numbers."""
    method, at = copy.deepcopy(method), 0
    with torch.no_grad():
        for weight in method.parameters():
            part = torch.tensor(steps[at : at + weight.numel()], dtype=weight.dtype)
            weight += part.view_as(weight)
            at += weight.numel()
    return method


@torch.enable_grad()
def gradient(method, data, steps=None):
    """Of cross-entropy at the weights, moved if `steps` are given; a list of numbers."""
    method = copy.deepcopy(method) if steps is None else moved(method, steps)
    loss = CrossEntropy.objective(method, method.logits(method.encoder(data.views[0])), data.labels)
    return numbers(torch.autograd.grad(loss, list(learnt(method))))


def learnt(method):
    return [weight for weight in method.parameters() if weight.requires_grad]


def stepped(method, data):
    """The gradient that one step leaves to the optimiser; a list of numbers."""
    method.zero_grad(set_to_none=True)
    method.backward(data)
    return numbers(weight.grad for weight in learnt(method))


def smooth(cls, **settings):
    """In float64 without batch normalisation, which would see the weights move; and a batch."""
    return made(cls, batch_norm=False, **settings).double(), doubled(batch(("full",)))


def times(scale, vector):
    return [scale * value for value in vector]


def plus(*vectors):
    return [sum(values) for values in zip(*vectors, strict=True)]


def close(found, wanted, rtol=1e-6, atol=1e-9):
    torch.testing.assert_close(torch.tensor(found).double(), torch.tensor(wanted).double(), rtol=rtol, atol=atol)


def check_resumes(cls, steps=7, half=4, epochs=lambda number: 1, **settings):
    """A method that goes on from another's state takes the same steps."""
    whole, later = made(cls, **settings), made(cls, seed=8, **settings)
    for number in range(steps):
        if number == half:
            later.load_state_dict(whole.state_dict())
        for method in (whole, later) if number >= half else (whole,):
            torch.manual_seed(number)
            method.start_epoch(epochs(number))
            step(method, batch(("full",), seed=number), epoch=epochs(number))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, later.state_dict()[name]), name
