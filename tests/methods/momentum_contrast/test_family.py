"""What holds of all momentum contrast: whom the gradient reaches, how the key encoder follows, when keys join."""

import copy

import pytest
import torch

from pipeline.methods.momentum_contrast.moco_v2 import MoCoV2
from tests.kit.embeddings import queries_and_keys
from tests.kit.methods import SIZE, batch, begun, made, members, step
from tests.kit.rules import (
    check_that_evaluation_reads_what_is_kept,
    check_that_hard_batches_are_no_trouble,
    check_the_reach_of_the_gradient,
)

every = pytest.mark.parametrize("cls", members("momentum_contrast"))


@every
def test_gradient_reaches_the_query_side_and_no_memory(cls):
    check_the_reach_of_the_gradient(made(cls), ("encoder", "projector", "adaptive", "hallucinator"))


@every
def test_the_key_encoder_moves_by_the_momentum_rule(cls):
    method = begun(made(cls, momentum=0.9))
    before = copy.deepcopy(method.key_encoder)
    step(method, batch())
    online = [*method.encoder.parameters(), *method.projector.parameters()]
    for old, new, now in zip(before.parameters(), method.key_encoder.parameters(), online, strict=True):
        torch.testing.assert_close(new, 0.9 * old + 0.1 * now)
    assert not torch.equal(before[0].convolution.weight, method.key_encoder[0].convolution.weight)


@every
def test_contrast_is_with_the_queue_before_this_batchs_keys_join_it(cls):
    method, data = begun(made(cls, batch_norm=False)), batch()
    before = method.queue.items.clone()
    _, keys = queries_and_keys(method, data)
    method.loss(data)
    assert torch.equal(method.queue.items, before), "the loss alone changes nothing"
    with torch.no_grad():
        method.after_step()
    torch.testing.assert_close(method.queue.items[:SIZE].double(), keys, atol=1e-6, rtol=1e-5)
    assert torch.equal(method.queue.items[SIZE:], before[SIZE:])


def test_running_statistics_forget_as_slowly_with_groups_as_without():
    together, apart = (made(MoCoV2, groups=groups).encoder.norm.momentum for groups in (1, 4))
    assert (1 - apart) ** 4 == pytest.approx(1 - together)


@every
def test_evaluation_reads_what_is_kept(cls):
    check_that_evaluation_reads_what_is_kept(made(cls))


@every
def test_few_images_equal_ones_and_half_precision_are_no_trouble(cls):
    check_that_hard_batches_are_no_trouble(made(cls))
