import math

import pytest
import torch

from pipeline.methods.label_retrieval.random_negatives import RandomNegatives
from tests.kit.label_retrieval import POSITIVES, SIZE, batch, retriever
from tests.kit.methods import step


@pytest.mark.parametrize("hardest", [1, 3, 10])
def test_the_loss_against_loops(hardest):
    drawn = [own[-1] for own in POSITIVES]
    cosines = 2 * torch.rand(SIZE, SIZE, generator=torch.Generator().manual_seed(5), dtype=torch.float64) - 1
    own = torch.tensor([[float(label in POSITIVES[b]) for label in drawn] for b in range(SIZE)])
    k, total = min(hardest, SIZE - 1), 0.0
    for b, row in enumerate(cosines.tolist()):
        others = [s for s, label in zip(row, drawn, strict=True) if label not in POSITIVES[b]]
        negatives = (sorted(others, reverse=True) + [-10.0] * SIZE)[:k]
        hinges = [max(0.0, s - row[b] + 0.3) for s in negatives]
        raised = [math.exp(s / 0.1 if hinge else 0.0) for s, hinge in zip(negatives, hinges, strict=True)]
        total += sum(w * hinge for w, hinge in zip(raised, hinges, strict=True)) / sum(raised)
    found = RandomNegatives(hardest=hardest).triplets(cosines, own)
    assert found.item() == pytest.approx(total / (SIZE * k))


def test_a_query_s_own_labels_are_no_negatives_of_it():
    cosines = torch.full((3, 3), 0.9).fill_diagonal_(0.2)
    nothing = RandomNegatives(hardest=2).triplets(cosines, torch.ones(3, 3))
    assert nothing == 0 and RandomNegatives(hardest=2).triplets(cosines, torch.eye(3)) > 0


def test_it_remembers_what_each_query_was_last_compared_with():
    method = retriever(RandomNegatives)
    assert (method.last_label == -1).all()
    for number, first in enumerate((0, 8, 0)):
        torch.manual_seed(number)
        step(method, batch(seed=number, first=first))
    assert method.last_batch[:SIZE].tolist() == [2] * SIZE and method.last_batch[SIZE : 2 * SIZE].tolist() == [1] * SIZE
    assert all(method.last_label[i].item() in POSITIVES[i % SIZE] for i in range(2 * SIZE))
    assert (method.last_label[2 * SIZE :] == -1).all() and (method.memory[2 * SIZE :] == 0).all()
    assert (method.memory[: 2 * SIZE] != 0).any(1).all()
    # the positive is drawn anew
    drawn = set()
    for seed in range(12):
        torch.manual_seed(seed)
        method.loss(batch())
        drawn.add(method.last_label[5].item())
    assert drawn == set(POSITIVES[5])
