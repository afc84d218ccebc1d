"""Slow and fast weights by loops over three rounds; full steps of one are plain descent; it resumes within a round."""

from pipeline.methods.averaged.lookahead import Lookahead
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.methods import batch, begun, made, step
from tests.kit.slopes import check_resumes, close, gradient, numbers


def learning(method):
    return numbers([*method.encoder.parameters(), *method.head.parameters()])


def test_rounds_by_loops():
    method = made(Lookahead, k=2, alpha=0.3)
    slow = fast = learning(method)
    for number in range(5):
        data = batch(("full",), seed=number)
        fast = [w - 0.1 * g for w, g in zip(fast, gradient(method, data), strict=True)]
        if number % 2:
            slow = fast = [a + 0.3 * (b - a) for a, b in zip(slow, fast, strict=True)]
        step(method, data)
        close(learning(method), fast, rtol=1e-4, atol=1e-6)
    begun(method, 1)
    close(learning(method), slow, rtol=1e-4, atol=1e-6)


def test_full_steps_of_one_are_plain_descent():
    method, plain = made(Lookahead, k=1, alpha=1.0), made(CrossEntropy)
    for number in range(3):
        for each in (method, plain):
            step(each, batch(("full",), seed=number))
    close(learning(method), numbers(plain.parameters()))


def test_it_resumes():
    check_resumes(Lookahead, k=3)
