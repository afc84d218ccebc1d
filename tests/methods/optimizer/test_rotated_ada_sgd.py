"""A single second moment does not see a rotation either."""

from pipeline.methods.optimizer.ada_sgd import AdaSGD
from pipeline.methods.optimizer.rotated_ada_sgd import RotatedAdaSGD
from tests.kit.optimizers import fresh, undecayed


def test_it_is_ada_sgd():
    undecayed(fresh(RotatedAdaSGD), fresh(AdaSGD))
