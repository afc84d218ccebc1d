"""What holds of every classifier that contrast comes before: what phase 0 learns from, and what it does not."""

import dataclasses

import pytest
import torch

from tests.kit.classifiers import check_kept_state
from tests.kit.methods import CONTEXT, begun, loop_nt_xent, made, members, step
from tests.kit.semi_supervised import data, double

FAMILY = members("contrastive_pretraining")


@pytest.mark.parametrize("cls", FAMILY)
def test_phase_0_is_the_contrast_of_strong_views(cls):
    method, given = begun(made(cls, temperature=0.3).double()), double(data(cls))
    with torch.no_grad():
        z = method.projector(method.encoder(torch.cat(given["unlabelled"].views[1:])))
    want = loop_nt_xent(*z.chunk(2), 0.3)
    assert method.loss(given).item() == pytest.approx(want, rel=1e-5)  # cosines are float32


@pytest.mark.parametrize("cls", FAMILY)
def test_phase_0_sees_neither_labelled_images_nor_labels(cls):
    method, given = begun(made(cls)), data(cls)
    expected = method.loss(given)
    given.views, given.labels = [torch.full_like(given.views[0], torch.nan)], None
    given["unlabelled"].labels = None
    assert torch.equal(method.loss(given), expected)


@pytest.mark.parametrize("cls", FAMILY)
def test_phases_share_out_all_epochs(cls):
    assert sum(cls().phases) == pytest.approx(1.0)
    assert len(cls.streams["unlabelled"]) == 3 and made(cls, unlabelled_ratio=3).stream_sizes(5) == {"unlabelled": 15}


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_the_kept_state_alone(cls):
    method = begun(made(cls))
    step(method, data(cls))
    check_kept_state(method, made(cls, seed=9), torch.randn(5, 1, 8, 8))


@pytest.mark.parametrize("cls", FAMILY)
def test_before_there_are_labels_nothing_is_taken_for_a_class(cls):
    stream = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    method = begun(made(cls, context=dataclasses.replace(CONTEXT, streams={"unlabelled": stream}))).eval()
    _, weights = method.pseudo_labels(torch.randn(4, 1, 8, 8), torch.arange(4))
    assert not weights.any()
