"""The direction number by number, and what is left alone where nothing conflicts."""

import torch

from pipeline.methods.auxiliary.pc_grad_ema import PcGradEma
from tests.methods.auxiliary.test_bloop import average, check_steps, less, weighted


def test_against_loops():
    def slow(main, auxiliary, memory):
        of_main = average(memory, "m", main, 0.4, main)
        of_auxiliary = average(memory, "a", auxiliary, 0.4, main)
        return weighted(less(main, of_auxiliary, 0.0), less(auxiliary, of_main, 0.0), 0.5)

    check_steps(PcGradEma, slow, strength=0.5, ema=0.4)


def test_of_two_gradients_in_conflict_neither_harms_the_other():
    method = PcGradEma(strength=1.0)
    main, auxiliary = torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 1.0])
    method.main, method.auxiliary, method.seen = main, torch.zeros(2), torch.tensor(2)
    torch.testing.assert_close(method.combine(main, auxiliary), torch.tensor([0.5, 1.5]))
    method.main = -main
    torch.testing.assert_close(method.combine(-main, auxiliary), auxiliary - main)
