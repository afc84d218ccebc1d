"""The direction number by number, where the part taken away is limited and where it is not."""

import pytest
import torch

from pipeline.methods.auxiliary.bloop import Bloop
from pipeline.methods.auxiliary.dynamic_barrier import DynamicBarrier
from tests.methods.auxiliary.test_bloop import average, check_steps, less, weighted


@pytest.mark.parametrize("strength", [0.5, 50.0])
def test_against_loops(strength):
    def slow(main, auxiliary, memory):
        return weighted(main, less(auxiliary, average(memory, "m", main, 0.4, main), 1 / strength), strength)

    check_steps(DynamicBarrier, slow, strength=strength, ema=0.4)


def test_where_gradients_conflict_it_is_bloop_and_where_they_agree_much_it_is_the_sum_less_the_main_gradient():
    main, auxiliary = torch.tensor([1.0, 0.0]), torch.tensor([-3.0, 1.0])
    barrier, bloop = DynamicBarrier(strength=2.0), Bloop(strength=2.0)
    barrier.main = bloop.main = main
    torch.testing.assert_close(barrier.combine(main, auxiliary), bloop.combine(main, auxiliary))
    torch.testing.assert_close(barrier.combine(main, -auxiliary), -2 * auxiliary)
