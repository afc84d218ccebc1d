"""Which examples meet in a batch: the bound ones in each, others once at most; the contrast of them by loops."""

import dataclasses

import pytest
import torch

from pipeline.methods.contrastive_classifier.sup_con_binding import SupConBinding
from tests.kit.classifiers import embeddings
from tests.kit.losses import loop_contrast
from tests.kit.methods import CONTEXT, SIZE, Training, batch, begun, made

N = CONTEXT.train_examples


def test_the_contrast_is_sup_con_of_both_views():
    method, data = begun(made(SupConBinding)), batch()
    want = loop_contrast(embeddings(method, data), data.labels.tolist() * 2, 0.1)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-4)


def test_the_same_example_of_each_class_is_in_every_batch():
    torch.manual_seed(11)
    training = Training(labels=torch.arange(N)[torch.randperm(N)] % 3)
    method = begun(made(SupConBinding), training=training)
    bound = method.bound.clone()
    assert training.labels[bound].tolist() == [0, 1, 2]
    first, second = (method.arrange(torch.randperm(N)).view(-1, SIZE) for _ in range(2))
    assert first.shape == second.shape == (N // SIZE, SIZE)
    for row in (*first, *second):
        assert torch.equal(row[-3:], bound)
    fresh = first[:, :-3].flatten()
    assert len(fresh.unique()) == len(fresh) == N // SIZE * (SIZE - 3)
    begun(method, 1, training)
    assert torch.equal(method.bound, bound)


def test_it_leaves_out_classes_without_examples():
    method = made(SupConBinding, context=dataclasses.replace(CONTEXT, class_counts=(24, 0, 24)))
    begun(method, training=Training(labels=torch.arange(N) % 2 * 2))
    assert (method.bound % 2).tolist() == [0, 1]
