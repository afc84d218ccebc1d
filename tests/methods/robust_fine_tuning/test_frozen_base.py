"""The base as it is."""

import torch

from pipeline.methods.robust_fine_tuning.frozen_base import FrozenBase
from tests.kit.classifiers import predictions, trained_base
from tests.kit.fine_tuning import tuned
from tests.kit.methods import batch


def test_it_predicts_what_the_base_predicts():
    images = batch(("full",)).views[0]
    assert not FrozenBase.trains
    assert torch.equal(predictions(tuned(FrozenBase), images), predictions(trained_base(), images))
