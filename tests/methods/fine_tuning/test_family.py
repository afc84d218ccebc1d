"""What holds of every classifier that begins with another run's encoder: where it starts, and that the base stays."""

import pytest
import torch

from tests.kit.classifiers import check_kept_state, member, trained_base
from tests.kit.methods import Training, batch, begun, made, members, on, step

FAMILY = members("fine_tuning")


def upon(cls, base):
    return begun(made(cls, context=on(base)))


@pytest.mark.parametrize("cls", FAMILY)
def test_it_begins_at_the_base_and_leaves_it_alone(cls):
    base, images = trained_base(), batch(("full",)).views[0]
    before = {name: value.clone() for name, value in base.state_dict().items()}
    method = upon(cls, base)
    torch.testing.assert_close(method.eval().encoder(images), base.encoder(images))
    assert not torch.equal(method.head.weight, base.head.weight)
    method.train()
    for seed in range(2):
        step(method, batch(("full",), seed=seed))
    assert all(p.grad is not None and p.grad.any() for p in method.head.parameters())
    assert not torch.equal(method.encoder.convolution.weight, base.encoder.convolution.weight)
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())
    assert all(not p.requires_grad for p in base.parameters())


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept_and_no_base(cls):
    method, data = begun(member(cls), training=Training()), batch(("full",))
    step(method, data)
    check_kept_state(method, made(cls, context=on(trained_base(8)), seed=9), data.views[0])
