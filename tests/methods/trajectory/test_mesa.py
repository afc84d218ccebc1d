"""The average of the weights and the loss by loops over several steps; an average that never moves; it resumes."""

import copy

import pytest
import torch

from pipeline.methods.trajectory.mesa import MESA
from tests.kit.losses import cross_entropy, rows
from tests.kit.methods import batch, made, step
from tests.kit.slopes import check_resumes
from tests.methods.trajectory.test_saf import kl


def test_the_loss_and_the_average_by_loops():
    method = made(MESA, weight=0.6, temperature=2.0, start=0, decay=0.8)
    average = {name: value.clone() for name, value in copy.deepcopy(method).encoder.state_dict().items()}
    method.start_epoch(1)
    for number in range(3):
        data = batch(("full",), seed=number)
        with torch.no_grad():
            logits = method.logits(copy.deepcopy(method.encoder)(data.views[0]))
            encoder, head = copy.deepcopy(method.average).eval()
            past = head(encoder(data.views[0]))
        now = list(rows(logits, data.labels))
        wanted = sum(cross_entropy(z, y) for z, y in now) / 12
        wanted += 0.6 * 4 * sum(kl(old, z, 2.0) for old, (z, _) in zip(past.tolist(), now, strict=True)) / 12
        assert step(method, data).item() == pytest.approx(wanted, rel=1e-5)
        for name, value in method.encoder.state_dict().items():
            mixed = 0.8 * average[name] + 0.2 * value
            average[name] = mixed if value.is_floating_point() else value.clone()
            torch.testing.assert_close(method.average[0].state_dict()[name], average[name])


def test_the_average_takes_no_gradient():
    method = made(MESA, start=0)
    method.start_epoch(1)
    method.loss(batch(("full",))).backward()
    assert all(weight.grad is None for weight in method.average.parameters())


def test_it_resumes():
    check_resumes(MESA, start=0)
