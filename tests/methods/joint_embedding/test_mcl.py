"""Contrast within an anchor's own cell against slow loops, and what each phase keeps of the encoders before it."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.mcl import MCL
from pipeline.methods.joint_embedding.simclr import SimCLR
from tests.kit.embeddings import anchors
from tests.kit.methods import SIZE, batch, begun, dot, loop_nt_xent, made, pair, step


def copied(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def test_mcl_equals_slow_loops_over_the_anchors_own_cell():
    method, z, cell, total = made(MCL), pair(), [0, 1, 0, 2, 1, 0, 1], 0.0
    for i, (anchor, positive, negatives) in enumerate(anchors(z)):
        # an anchor's negatives are the other images of both views, in order
        images = [j for j in range(7) if j != i % 7] * 2
        others = [n for j, n in zip(images, negatives, strict=True) if cell[j] == cell[i % 7]]
        above = math.exp(dot(anchor, positive) / 0.1)
        total -= math.log(above / (above + sum(math.exp(dot(anchor, n) / 0.1) for n in others))) / 14
    method.cell = torch.tensor(cell)
    assert method.objective(*z).item() == pytest.approx(total, rel=1e-5)
    method.cell = torch.arange(7)
    assert method.objective(*z).item() == pytest.approx(0.0, abs=1e-6), "an image alone in its cell costs nothing"
    method.cell = torch.zeros(7)
    assert method.objective(*z).item() == pytest.approx(loop_nt_xent(*z, 0.1), rel=1e-5)


def test_mcl_of_one_encoder_is_simclr():
    method, plain = made(MCL, num_stages=1), made(SimCLR)
    assert method.phases == (1.0,) and method.features(batch().views[0]).shape == (SIZE, 10)
    assert method.loss(batch()).item() == pytest.approx(plain.loss(batch()).item(), rel=1e-6)
    assert method.further_features(batch().views[0], torch.zeros(1, 4)) == {}


def test_each_phase_starts_from_the_same_weights_and_keeps_the_encoder_before():
    method = made(MCL)
    encoder, head, cells = copied(method.encoder), copied(method.projector), []
    for phase in range(3):
        torch.manual_seed(phase)
        trained = copied(method.encoder)
        begun(method, phase)
        if phase:
            kept = method.earlier[phase - 1].state_dict()
            assert all(torch.equal(kept[name], value) for name, value in trained.items())
            assert not torch.equal(kept["convolution.weight"], encoder["convolution.weight"])
        assert all(torch.equal(method.encoder.state_dict()[name], value) for name, value in encoder.items())
        assert all(torch.equal(method.projector.state_dict()[name], value) for name, value in head.items())
        cells.append(method.cells.clone())
        step(method, batch())
    assert len(set(cells[0].tolist())) == 1 and len(set(cells[1].tolist())) == 3
    coarse = {(int(fine), int(rough)) for fine, rough in zip(cells[2], cells[1], strict=True)}
    assert len(coarse) == len(set(cells[2].tolist())) > 3, "later cells lie inside the earlier ones"


def test_features_are_those_of_all_encoders_and_only_the_last_one_learns():
    method = begun(made(MCL))
    step(method, batch())
    begun(method, 1)
    method.zero_grad()
    method.loss(batch()).backward()
    assert all(p.grad is None for p in method.earlier.parameters())
    assert float(method.encoder.convolution.weight.grad.abs().sum()) > 0
    method.eval()
    images = batch().views[0]
    with torch.no_grad():
        parts = [encoder(images) for encoder in (*method.earlier, method.encoder)]
        torch.testing.assert_close(method.features(images), torch.cat(parts, 1))
        torch.testing.assert_close(method.further_features(images, method.features(images))["first"], parts[0])
    assert not torch.allclose(parts[0], parts[2])
