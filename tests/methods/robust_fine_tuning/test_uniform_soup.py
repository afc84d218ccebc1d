"""Two networks in one run are two runs; their mean; each sees every image once an epoch."""

import dataclasses

import torch

from pipeline.methods.robust_fine_tuning.fine_tuned import FineTuned
from pipeline.methods.robust_fine_tuning.uniform_soup import UniformSoup
from tests.kit.fine_tuning import flat_weights, network_weights, stepped, tuned
from tests.kit.methods import SIZE, batch, begun, step


def half(data, which):
    """One copy's part of a batch."""
    return dataclasses.replace(data, views=[data.views[0].chunk(2)[which]], labels=data.labels.chunk(2)[which])


def test_each_copy_is_trained_as_by_a_run_of_its_own():
    method, alone = tuned(UniformSoup), [tuned(FineTuned), tuned(FineTuned)]
    for number in range(3):
        data = batch(("full",), 2 * SIZE, seed=number)
        step(method, data)
        for which, each in enumerate(alone):
            step(each, half(data, which))
    torch.testing.assert_close(flat_weights(method), flat_weights(alone[0]))
    torch.testing.assert_close(network_weights(method.second), flat_weights(alone[1]))
    torch.testing.assert_close(method.second.encoder.norm.running_mean, alone[1].encoder.norm.running_mean)
    assert not torch.allclose(flat_weights(alone[0]), flat_weights(alone[1]))


def test_they_are_averaged():
    method = stepped(tuned(UniformSoup), size=2 * SIZE)
    want = (flat_weights(method).double() + network_weights(method.second).double()) / 2
    torch.testing.assert_close(flat_weights(begun(method, phase=1)).double(), want, atol=1e-6, rtol=1e-5)


def test_in_an_epoch_each_copy_sees_every_image_once_in_an_order_of_its_own():
    method, count, size = tuned(UniformSoup), 50, SIZE
    order = torch.cat([torch.randperm(count), torch.randperm(count)])
    arranged = method.arrange(order)
    assert method.stream_sizes(size) == {"train": 2 * size} and len(arranged) == count // size * 2 * size
    for which in (0, 1):
        seen = torch.cat([part.chunk(2)[which] for part in arranged.split(2 * size)])
        assert torch.equal(seen, order[which * count :][: len(seen)])
