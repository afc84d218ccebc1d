"""Fine-tuning begins with the whole base and leaves the base as it is."""

import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from tests.kit.classifiers import check_loss, check_reach, predictions, trained_base
from tests.kit.fine_tuning import stepped, tuned
from tests.kit.methods import batch, made, on


def test_it_begins_with_the_bases_predictions():
    images = batch(("full",)).views[0]
    assert torch.equal(predictions(tuned(FineTuned), images), predictions(trained_base(), images))


def test_it_learns_and_the_base_does_not():
    base = trained_base()
    before = {name: value.clone() for name, value in base.state_dict().items()}
    method = stepped(made(FineTuned, context=on(base)))
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())
    assert not torch.equal(method.head.weight, base.head.weight)
    assert not torch.equal(method.encoder.norm.running_mean, base.encoder.norm.running_mean)


def test_its_loss_is_cross_entropy_and_reaches_all():
    check_loss(tuned(FineTuned), batch(("full",)))
    check_reach(tuned(FineTuned), batch(("full",)))
