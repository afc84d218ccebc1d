"""Who is whose target, what the black box sees, and that it is never asked while an attack is made."""

import dataclasses

import pytest
import torch

from pipeline.contract import Bundle
from pipeline.methods.transfer import TransferAttack
from pipeline.protocols.transfer.run import Evidence
from pipeline.training import loop
from pipeline.training.evidence import evaluate
from tests.kit import jobs

NAMES = TransferAttack.bases


class Swapped(TransferAttack):
    """Gives the targets themselves, or the sources as they are."""

    def __init__(self, swap):
        super().__init__()
        self.swap, self.given = swap, []

    def attack(self, surrogates, sources, targets, inputs, generator):
        self.given.append((surrogates, sources, targets))
        return targets if self.swap else sources


def evidence(swap, seed=0):
    built = []
    for number in range(4):
        made = jobs.job(jobs.method_of("cross_entropy"), "supervised", jobs.data(test=20), number)
        made = dataclasses.replace(made, settings={**made.settings, "encoder": "convnet"})
        built.append(loop.build(made, loop.whole(made)))
    bundle = Bundle(dict(zip(NAMES, built, strict=True))).eval().requires_grad_(False)
    made = jobs.job(jobs.method_of("cross_entropy"), "supervised", jobs.data(test=20), seed)
    made = dataclasses.replace(made, settings={**made.settings, "neighbours": 5}, method=Swapped(swap), base=bundle)
    return Evidence(made)


def test_targets_are_of_other_classes_and_drawn_by_study_and_seed():
    first, again, other = evidence(True), evidence(False), evidence(True, seed=1)
    assert (first.target_labels != first.labels).all()
    assert torch.equal(first.targets, again.targets) and not torch.equal(first.targets, other.targets)


def test_who_becomes_the_target_is_taken_for_what_the_target_is_taken_for():
    shown = evidence(True)
    found = evaluate(shown, ["transferred", "taken_before", "approach"])
    assert torch.equal(shown.seen_labels, shown.seen_before[shown.targets])
    right = (shown.seen_labels == shown.target_labels).double().mean().item()
    assert found.metrics["transferred"] == pytest.approx(100 * right)
    assert (shown.approach >= -1e-9).all()


def test_who_stays_as_it_is_comes_no_nearer():
    shown = evidence(False)
    found = evaluate(shown, ["transferred", "taken_before", "approach"])
    assert found.metrics["transferred"] == found.metrics["taken_before"]
    assert shown.approach.abs().max().item() == pytest.approx(0, abs=1e-9)


def test_the_black_box_is_not_among_the_surrogates():
    shown = evidence(True)
    evaluate(shown, ["transferred"])
    ((surrogates, sources, targets),) = shown._method.given
    assert len(surrogates) == 3 and all(each is not shown._black_box for each in surrogates)
    assert torch.equal(targets, sources[shown.targets])
