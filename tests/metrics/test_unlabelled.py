"""Metrics of what had no label, on predictions whose values are known."""

from types import SimpleNamespace

import pytest
import torch

from pipeline.metrics import measure
from pipeline.ops.pseudo_labels import pseudo_labels, sure_cross_entropy

# the first, third and fourth are sure: 1 - 2 e^-5, and the like; of them the third is wrong
LOGITS = torch.tensor([[5.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 6.0], [0.0, 9.0, 0.0], [0.0, 2.0, 2.5]])
LABELS = torch.tensor([0, 0, 1, 1, 1])


def test_unlabelled():
    values, examples, _ = measure(
        SimpleNamespace(unlabelled_logits=LOGITS, unlabelled_labels=LABELS), ["unlabelled_top1", "unlabelled_sure"]
    )
    assert examples["unlabelled_top1"].tolist() == [100, 100, 0, 100, 0]
    assert examples["unlabelled_sure"].tolist() == [100, 0, 100, 100, 0]
    assert values == pytest.approx(
        {"unlabelled_top1": 60.0, "unlabelled_top1_sure": 200 / 3, "unlabelled_sure": 60.0}, rel=1e-12
    )


def test_nothing_sure():
    made = SimpleNamespace(unlabelled_logits=0.1 * LOGITS, unlabelled_labels=LABELS)
    values, _, _ = measure(made, ["unlabelled_top1", "unlabelled_sure"])
    assert values == {"unlabelled_top1": 60.0, "unlabelled_sure": 0.0}


def test_pseudo_labels_have_no_gradient():
    logits = LOGITS.clone().requires_grad_()
    classes, sure = pseudo_labels(logits)
    assert classes.tolist() == [0, 0, 2, 1, 2] and sure.tolist() == [True, False, True, True, False]
    sure_cross_entropy(logits, classes, sure).backward()
    assert logits.grad[sure].any(1).all() and not logits.grad[~sure].any()


@pytest.mark.parametrize("threshold", [0.0, 0.95, 1.0])
def test_the_mean_is_over_all(threshold):
    classes, sure = pseudo_labels(LOGITS, threshold)
    losses = [z.logsumexp(0) - z[k] for z, k, kept in zip(LOGITS.double(), classes, sure, strict=True) if kept]
    found = sure_cross_entropy(LOGITS.double(), classes, sure)
    assert found.item() == pytest.approx(float(sum(losses)) / 5, rel=1e-6)


def pseudo(weights, classes=(0, 1, 1, 2, 0), labels=(0, 1, 2, -1, -1)):
    return SimpleNamespace(
        pseudo_classes=torch.tensor(classes), pseudo_weights=torch.tensor(weights), hidden_labels=torch.tensor(labels)
    )


def test_pseudo_labels():
    """By hand: of weights that sum to 2.5, 1.25 are of the right class and 0.75 of unknown ones."""
    values, examples, _ = measure(pseudo((1.0, 0.25, 0.5, 0.0, 0.75)), ["used", "pseudo_right", "invaded"])
    assert examples["used"].tolist() == [100, 25, 50, 0, 75]
    assert values == {"used": 50.0, "pseudo_right": 50.0, "invaded": 30.0, "invaded_used": 50.0}


def test_the_scale_of_weights_tells_nothing_of_invasion():
    weights = (1.0, 0.25, 0.5, 0.0, 0.75)
    tenth = measure(pseudo(tuple(w / 10 for w in weights)), ["invaded", "pseudo_right"]).values
    assert tenth == pytest.approx({"invaded": 30.0, "invaded_used": 0.0, "pseudo_right": 50.0}, rel=1e-6)
    # who cannot tell them lets in as many as there are
    assert measure(pseudo((0.5,) * 5), ["invaded"]).values["invaded"] == pytest.approx(40)


def test_nothing_used_or_nothing_unknown_is_absent():
    none = measure(pseudo((0.0,) * 5), ["used", "pseudo_right", "invaded"])
    assert none.values == {"used": 0.0, "invaded_used": 0.0} and none.absent.keys() == {"pseudo_right", "invaded"}
    known = measure(pseudo((1.0,) * 5, labels=(0, 1, 2, 0, 1)), ["invaded"])
    assert not known.values and "no class is unknown" in known.absent["invaded"]
    without = SimpleNamespace(pseudo_classes=None, pseudo_weights=None, hidden_labels=torch.tensor([0, -1]))
    assert measure(without, ["used", "pseudo_right", "invaded"]).absent.keys() == {"used", "pseudo_right", "invaded"}


def test_the_course_has_tenths_of_the_epochs():
    rows = [(10.0 * epoch, 50.0 + epoch) for epoch in range(5)]
    values = measure(SimpleNamespace(watched_pseudo_labels=rows), ["pseudo_course"]).values
    used = [values[f"pseudo_course_used_{share}"] for share in range(10, 101, 10)]
    assert used == [0, 0, 0, 10, 10, 20, 20, 30, 30, 40]
    assert values["pseudo_course_right_100"] == 54 and values["pseudo_course"] == pytest.approx(21.6)
    assert values["pseudo_course_early"] == used[1] == 0
    unwatched = measure(SimpleNamespace(watched_pseudo_labels=None), ["pseudo_course"])
    assert not unwatched.values and unwatched.absent


def test_labels_before_and_after_spreading():
    """By hand, of three inputs of known classes; the last is of an unknown one."""
    own = torch.tensor([[0.6, 0.4, 0.0], [0.6, 0.4, 0.0], [0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    spread = torch.tensor([[0.7, 0.3, 0.0], [0.4, 0.6, 0.0], [0.6, 0.2, 0.2], [1.0, 0.0, 0.0]])
    made = SimpleNamespace(beliefs={"own": own, "spread": spread}, hidden_labels=torch.tensor([0, 1, 2, -1]))
    assert measure(made, ["propagated_right"]).values == pytest.approx(
        {
            "propagated_right": 200 / 3,
            "propagated_right_own": 200 / 3,
            "propagated_right_changed": 200 / 3,
            "propagated_right_probability": 150 / 3,
            "propagated_right_own_probability": 150 / 3,
        }
    )


P = [[0.5, 0.3, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1], [0.5, 0.3, 0.1, 0.1], [0.97, 0.01, 0.01, 0.01], [0.4, 0.3, 0.2, 0.1]]
KEPT = [[1, 0, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0], [1, 0, 1, 1]]


def test_what_is_taken_out():
    """By hand: of three that are shrunk one is right; of the two wrong ones one has its class taken out."""
    made = SimpleNamespace(
        beliefs={"aligned": torch.tensor(P), "kept": torch.tensor(KEPT).float()},
        hidden_labels=torch.tensor([0, 2, 3, 0, -1]),
    )
    assert measure(made, ["shrunk"]).values == pytest.approx(
        {
            "shrunk": 75.0,
            "shrunk_right": 100 / 3,
            "shrunk_confidence": 140 / 3,
            "shrunk_found": 50.0,
            "shrunk_chance": 200 / 3,
        }
    )
    made.beliefs["kept"] = torch.zeros(5, 4)
    assert measure(made, ["shrunk"]).values == {"shrunk": 0.0}


def test_who_believes_nothing_of_the_kind():
    made = SimpleNamespace(beliefs={}, hidden_labels=torch.tensor([0, -1]))
    assert measure(made, ["shrunk", "propagated_right"]).absent.keys() == {"shrunk", "propagated_right"}


def test_the_gap_of_norms():
    made = SimpleNamespace(view_norms=torch.tensor([[2.0, 1.0], [4.0, 5.0], [6.0, 6.0]]))
    assert measure(made, ["norm_gap"]).values == pytest.approx({"norm_gap": (2 / 3) / 4})
    assert measure(SimpleNamespace(view_norms=None), ["norm_gap"]).absent.keys() == {"norm_gap"}
