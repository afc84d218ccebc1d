"""Two epochs with remembered predictions by loops, an example left out of the first; cross-entropy for alpha 0."""

import pytest
import torch
from torch.nn.functional import one_hot

from pipeline.contract import Batch
from pipeline.methods.classifier.ps_kd import PSKD
from tests.kit.losses import soft_cross_entropy, softmax
from tests.kit.methods import CONTEXT, SIZE, Training, begun, classifier, made, step

K, N = CONTEXT.num_classes, CONTEXT.train_examples


def epochs_of(examples=N - 1):
    """Batches of two epochs that leave the last example out of the first."""
    order = list(range(examples))
    yield 0, [order[start : start + SIZE] for start in range(0, examples - SIZE + 1, SIZE)]
    yield 1, [[*order[:5], N - 1], order[5:17]]


def indexed(chosen):
    training, index = Training(), torch.tensor(chosen)
    return Batch([torch.cat(list(training.plain()))[index]], training.labels[index], index)


def test_ps_kd_against_loops():
    method, past = begun(made(PSKD, alpha_final=0.8)), {}
    for epoch, batches in epochs_of():
        method.start_epoch(epoch)
        alpha = 0.8 * (epoch + 1) / CONTEXT.epochs
        for chosen in batches:
            data = indexed(chosen)
            logits = method.logits(method.encoder(data.views[0])).detach()
            targets = torch.zeros(len(chosen), K, dtype=torch.float64)
            for row, (n, y) in enumerate(zip(chosen, data.labels.tolist(), strict=True)):
                before = past.get(n, [float(k == y) for k in range(K)])
                for k in range(K):
                    targets[row, k] = (1 - alpha) * (k == y) + alpha * before[k]
            past |= {n: softmax(z) for n, z in zip(chosen, logits.double().tolist(), strict=True)}
            want = soft_cross_entropy(logits, targets)
            assert step(method, data).item() == pytest.approx(want, rel=1e-5)
        if epoch == 0:
            assert N - 1 not in past  # its target in the second epoch is its label


@pytest.mark.parametrize("settings, epochs", [({}, (0, 0)), ({"alpha_final": 0.0}, (0, 1))])
def test_it_begins_as_cross_entropy_and_is_it_for_alpha_0(settings, epochs):
    """Of the default two halves of the first epoch; without alpha the same examples again in the second."""
    method, plain = begun(made(PSKD, **settings)), classifier()
    for number, epoch in enumerate(epochs):
        method.start_epoch(epoch)
        first = 0 if epoch else number * SIZE
        data = indexed(range(first, first + SIZE))
        torch.testing.assert_close(step(method, data), step(plain, data))


def test_targets_take_no_gradient():
    method = begun(made(PSKD), epoch=1)
    method.past.copy_(torch.rand(N, K).softmax(1))
    data, before = indexed(range(SIZE)), method.past[:SIZE].clone()
    logits = method.logits(method.encoder(data.views[0])).detach().requires_grad_()
    method.logits = lambda features: logits
    method.loss(data).backward()
    target = 0.2 * one_hot(data.labels, K) + 0.8 * before
    torch.testing.assert_close(logits.grad, (logits.softmax(1) - target).detach() / SIZE)
    torch.testing.assert_close(method.past[:SIZE], logits.detach().softmax(1))
    assert not method.past.requires_grad
