"""Both copies begin every epoch but the first from what they were merged into."""

import torch

from pipeline.methods.robust_fine_tuning.model_stock import ModelStock
from pipeline.methods.robust_fine_tuning.model_stock_periodic import ModelStockPeriodic
from tests.kit.fine_tuning import flat_weights, network_weights, stepped, tuned
from tests.kit.methods import SIZE, Training, begun


def test_an_epoch_begins_from_model_stock_of_the_last_one():
    method, once = (stepped(tuned(cls), size=2 * SIZE) for cls in (ModelStockPeriodic, ModelStock))
    with torch.no_grad():
        method.renew(1, Training())
    assert torch.equal(flat_weights(method), network_weights(method.second))
    assert torch.equal(flat_weights(method), flat_weights(begun(once, phase=1)))


def test_before_the_first_epoch_nothing_is_merged():
    method = stepped(tuned(ModelStockPeriodic), size=2 * SIZE)
    before = flat_weights(method).clone()
    with torch.no_grad():
        method.renew(0, Training())
    assert torch.equal(flat_weights(method), before)
    assert not torch.equal(before, network_weights(method.second))
