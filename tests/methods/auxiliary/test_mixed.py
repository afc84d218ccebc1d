"""The sum, number by number."""

from pipeline.methods.auxiliary.mixed import Mixed
from tests.methods.auxiliary.test_bloop import check_steps, weighted


def test_against_loops():
    check_steps(Mixed, lambda main, auxiliary, memory: weighted(main, auxiliary, 0.5), strength=0.5)
