"""Cross-entropies of teacher and student by slow loops over crops, the teacher's centre, temperature and prototypes."""

import copy
import math

import pytest
import torch
from torch import nn

from pipeline.methods.self_distillation.dino import DINO
from tests.kit.embeddings import layer_names
from tests.kit.methods import SIZE, batch, made, step


def test_dino_equals_the_slow_loops():
    method = made(DINO, batch_norm=False)
    data = batch(method.views)
    assert method.views == ("full", "full", "small", "small")
    with torch.no_grad():
        method.centre.copy_(torch.linspace(-0.2, 0.3, 5))
        method.target[1][1].weight.add_(0.3)
        student = [method.projector(method.encoder(view)).double().tolist() for view in data.views]
        teacher = [method.target(view).double().tolist() for view in data.views[:2]]
    method.progress = 0.05
    tau, terms = 0.04 + 0.5 * (0.07 - 0.04), []
    for s, crop in enumerate(teacher):
        for t, predicted in enumerate(student):
            for g, f in zip(crop, predicted, strict=True):
                if s != t:
                    above = [math.exp((x - c) / tau) for x, c in zip(g, method.centre.tolist(), strict=True)]
                    log_whole = math.log(sum(math.exp(x / 0.1) for x in f))
                    log_p = [x / 0.1 - log_whole for x in f]
                    terms.append(-sum(a / sum(above) * b for a, b in zip(above, log_p, strict=True)))
    assert len(terms) == 2 * 3 * SIZE
    assert method.loss(data).item() == pytest.approx(sum(terms) / len(terms), rel=1e-4)


def test_the_centre_is_the_moving_average_of_the_teachers_outputs():
    method = made(DINO, momentum=0.9, frozen_epochs=0)
    for seed in (1, 2):
        data, before = batch(method.views, seed=seed), method.centre.clone()
        with torch.no_grad():
            mean = copy.deepcopy(method.target)(torch.cat(data.views[:2])).mean(0)
        method.loss(data)
        assert torch.equal(method.centre, before), "the loss alone changes nothing"
        with torch.no_grad():
            method.after_step()
        torch.testing.assert_close(method.centre, 0.9 * before + 0.1 * mean)
    assert method.centre.abs().max() > 1e-3


def test_centring_cancels_what_all_teacher_outputs_have_in_common():
    method = made(DINO)
    torch.manual_seed(3)
    outputs, shift = torch.randn(2, SIZE, 5), torch.randn(5)
    method.target = nn.Identity()
    plain = method.targets(list(outputs), [])
    method.centre.copy_(shift)
    for shifted, expected in zip(method.targets(list(outputs + shift), []), plain, strict=True):
        torch.testing.assert_close(shifted, expected, atol=1e-5, rtol=1e-4)


def test_the_teachers_temperature_rises_in_the_warm_up_and_sharpens_its_outputs():
    method, entropies = made(DINO), []
    method.target = nn.Identity()
    torch.manual_seed(3)
    views = list(torch.randn(2, SIZE, 5) * 0.1)
    for progress in (0.0, 0.05, 0.1, 0.9):
        method.progress = progress
        q = torch.stack(list(method.targets(views, [])))
        entropies.append(float(-(q * q.log()).sum(2).mean()))
    assert entropies[0] < entropies[1] < entropies[2] == entropies[3]
    at_once = made(DINO, warmup=0.0)
    at_once.target = nn.Identity()
    torch.testing.assert_close(torch.stack(list(at_once.targets(views, []))), q)


def test_prototypes_are_still_while_frozen():
    method = made(DINO, frozen_epochs=1)
    before = method.projector[1].weight.detach().clone()
    step(method, batch(method.views), epoch=0)
    assert torch.equal(method.projector[1].weight, before)
    step(method, batch(method.views), epoch=1)
    assert not torch.equal(method.projector[1].weight, before)


def test_the_head_has_three_layers_and_begins_small_and_without_bias():
    head = made(DINO).projector[0]
    assert layer_names(head) == ["Linear", "GELU", "Linear", "GELU", "Linear"]
    assert not head[0].bias.any() and head[0].weight.abs().max() < 0.1
    with_norm = made(DINO, head_batch_norm=True).projector[0]
    assert layer_names(with_norm) == ["Linear", "BatchNorm1d", "GELU", "Linear", "BatchNorm1d", "GELU", "Linear"]
