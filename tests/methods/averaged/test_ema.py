"""The average by loops; it takes the weights' place at the end; no memory is the last step's weights."""

from pipeline.methods.averaged.ema import EMA
from tests.kit.methods import batch, begun, made, step
from tests.kit.slopes import check_resumes, close, numbers


def learning(method):
    return numbers([*method.encoder.parameters(), *method.head.parameters()])


def test_the_average_by_loops():
    method = made(EMA, decay=0.7)
    wanted = learning(method)
    for number in range(4):
        step(method, batch(("full",), seed=number))
        wanted = [0.7 * a + 0.3 * b for a, b in zip(wanted, learning(method), strict=True)]
    close(numbers(method.average.parameters()), wanted, rtol=1e-5, atol=1e-6)
    begun(method, 1)
    close(learning(method), wanted, rtol=1e-5, atol=1e-6)


def test_no_memory_is_the_last_step():
    method = made(EMA, decay=0.0)
    step(method, batch(("full",)))
    close(numbers(method.average.parameters()), learning(method))


def test_it_resumes():
    check_resumes(EMA)
