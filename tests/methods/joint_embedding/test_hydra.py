"""The gated contrast against slow loops, SupCon's and SimCLR's limits of open gates, and the gates' penalty."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.hydra import Hydra
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.methods.joint_embedding.sup_con import SupCon
from tests.kit.methods import SIZE, batch, dot, made, pair, unit


def test_gated_contrast_equals_the_slow_loops():
    torch.manual_seed(3)
    z, gates = torch.randn(2, 7, 5), torch.rand(7, 5)
    labels, others = torch.tensor([0, 1, 2, 0, 1, 2, 3]), torch.tensor([0, 2, 0, 3, 1, 1, 2])
    found, total = float(Hydra().contrast(gates, labels, others, *z)), 0.0
    for v in (0, 1):
        for i in range(7):
            gated = {(w, j): unit((gates[i].double() * z[w, j].double()).tolist()) for w in (0, 1) for j in range(7)}
            anchor = gated.pop((v, i))
            whole = sum(math.exp(dot(anchor, other) / 0.1) for other in gated.values())
            alike = [other for (_, j), other in gated.items() if labels[j] in (labels[i], others[i])]
            total -= sum(dot(anchor, other) / 0.1 - math.log(whole) for other in alike) / len(alike) / 14
    assert found == pytest.approx(total, rel=1e-4)


def test_hydra_with_open_gates_is_supervised_contrast_and_with_labels_all_different_simclr():
    z, gates = pair(), torch.full((7, 5), 0.6)
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 3])
    torch.testing.assert_close(Hydra().contrast(gates, labels, labels, *z), SupCon().contrast(labels, *z))
    torch.testing.assert_close(Hydra().contrast(gates, torch.arange(7), torch.arange(7), *z), SimCLR().objective(*z))


def test_a_gate_belongs_to_a_pair_of_classes_in_either_order():
    method = made(Hydra)
    first, second = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 2])
    gates = method.gates(first, second)
    torch.testing.assert_close(gates, method.gates(second, first))
    assert ((gates > 0) & (gates < 1)).all() and not torch.allclose(gates[0], gates[1])


def test_gates_are_trained_and_penalised_for_being_half_open():
    method = made(Hydra, penalty=2.0)
    data = batch()
    torch.manual_seed(5)
    with_penalty = method.loss(data)
    with_penalty.backward()
    assert all(float(p.grad.abs().sum()) > 0 for p in (method.classes.weight, *method.gate.parameters()))
    method.penalty = 0.0
    torch.manual_seed(5)
    without = method.loss(data)
    torch.manual_seed(5)
    gates = method.gates(data.labels, data.labels[torch.randperm(SIZE)])
    torch.testing.assert_close(with_penalty - without, 2 * (gates * (1 - gates)).mean())
