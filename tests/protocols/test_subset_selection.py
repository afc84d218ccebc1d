"""What evaluation is told of a selection, and that trained, killed and resumed a choice stays what it was."""

import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.methods.augmented_subset.augment_random import AugmentRandom
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.selection.el2n import EL2N
from pipeline.methods.selection.random_subset import RandomSubset
from pipeline.protocols.subset_selection.run import Evidence, phases, prepare
from pipeline.training import checkpoint, loop
from tests.kit import jobs

AUGMENTATION = {"shift": 1, "flip": 0.5, "strong": {"shift": 2, "cutout": 0.5}}


def fitted(cls, folder, pause=1e9, **settings):
    made = prepare(jobs.job(cls(**settings), "subset_selection", epochs=4, augmentation=AUGMENTATION))
    loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), pause, lambda row: None)
    return made


@pytest.mark.parametrize("cls", [RandomSubset, EL2N, AugmentRandom])
def test_what_is_kept_is_what_was_chosen(cls, tmp_path):
    made = fitted(cls, tmp_path, share=0.25)
    evidence = Evidence(made)
    assert torch.equal(evidence.kept, made.method.chosen) and int(evidence.kept.sum()) == 10
    assert evidence.train_pixels.shape == (40, 64)
    assert (evidence.augmented is None) is (cls is not AugmentRandom)
    found = metrics.measure(evidence, ["top1", "coverage", "noise_kept", "augmented"])
    assert {"top1", "coverage"} <= found.values.keys() and "noise_kept" in found.absent


def test_other_classifiers_keep_all(tmp_path):
    assert Evidence(fitted(CrossEntropy, tmp_path)).kept.all()


def test_only_the_kept_are_learned_from(tmp_path):
    """Labels of what was not kept may be anything: a random choice does not look at them."""
    first = fitted(RandomSubset, tmp_path / "a", share=0.25)
    data = jobs.data()
    labels = torch.where(first.method.chosen, data.train_labels, (data.train_labels + 1) % 3)
    other = jobs.job(RandomSubset(share=0.25), "subset_selection", _with(labels), epochs=4, augmentation=AUGMENTATION)
    loop.fit(other, phases(other), checkpoint.Kept(tmp_path / "b", "test"), 1e9, lambda row: None)
    for name, value in first.method.state_dict().items():
        assert torch.equal(value, other.method.state_dict()[name]), name


def _with(labels):
    return dataclasses.replace(jobs.data(), train_labels=labels)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_phase_one_has_the_same_steps_whatever_is_kept(share, tmp_path):
    steps = []

    class Counted(RandomSubset):
        def after_step(self):
            steps.append(self.phase)

    fitted(Counted, tmp_path, share=share, proxy_share=0.25)
    assert steps.count(0) == 4 and steps.count(1) == 12


def test_a_killed_run_keeps_its_choice(tmp_path):
    straight = fitted(EL2N, tmp_path / "a", share=0.25)
    made = prepare(jobs.job(EL2N(share=0.25), "subset_selection", epochs=4, augmentation=AUGMENTATION))

    def killing(row):
        if row["epoch"] == 4:
            raise KeyboardInterrupt

    state = checkpoint.Kept(tmp_path / "b", "test")
    with pytest.raises(KeyboardInterrupt):
        loop.fit(made, phases(made), state, 0.0, killing)
    resumed = prepare(jobs.job(EL2N(share=0.25), "subset_selection", epochs=4, augmentation=AUGMENTATION))
    loop.fit(resumed, phases(resumed), state, 0.0, lambda row: None)
    for name, value in straight.method.state_dict().items():
        assert torch.equal(value, resumed.method.state_dict()[name]), name
