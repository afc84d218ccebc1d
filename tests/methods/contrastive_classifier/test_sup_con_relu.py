"""Contrast of embeddings without negative entries by loops; without any to take away it is plain contrast."""

import pytest
import torch

from pipeline.methods.contrastive_classifier.sup_con_classifier import SupConClassifier
from pipeline.methods.contrastive_classifier.sup_con_relu import SupConReLU
from tests.kit.classifiers import embeddings
from tests.kit.losses import loop_contrast
from tests.kit.methods import batch, begun, made


def test_the_contrast_is_sup_con_of_both_views():
    method, data = begun(made(SupConReLU)), batch()
    z = embeddings(method, data)
    assert min(min(row) for row in z) == 0.0
    want = loop_contrast(z, data.labels.tolist() * 2, 0.1)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-4)


def test_negative_entries_are_taken_away_before_normalising_and_nothing_else():
    plain, relu = begun(made(SupConClassifier)), begun(made(SupConReLU))
    images = batch().views[0]
    z = plain.embed(images)
    assert (z < 0).any()
    torch.testing.assert_close(relu.embed(images), z.clamp_min(0))
    torch.testing.assert_close(relu.features(images), torch.nn.functional.normalize(z.clamp_min(0)))
    assert (relu.features(images) @ relu.features(images).T >= 0).all()
    with torch.no_grad():
        for method in (plain, relu):
            for p in method.projector[-1].parameters():
                p.abs_()
            method.projector[0].bias.fill_(5.0)
    torch.testing.assert_close(relu.loss(batch()), plain.loss(batch()))


def test_embeddings_that_relu_puts_out_have_finite_gradients():
    method = begun(made(SupConReLU))
    with torch.no_grad():
        method.projector[-1].bias.fill_(-100.0)
    loss = method.loss(batch())
    loss.backward()
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())
