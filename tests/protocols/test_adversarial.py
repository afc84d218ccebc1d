"""Evaluation under attack: of whom it is right, who draws what, and what a study may not ask for."""

import copy
import dataclasses
import itertools
import re

import pytest
import torch
import torch.nn.functional as F

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.ops.attacks import PGD, Ascent, fgsm, still
from pipeline.ops.balls import Linf
from pipeline.ops.strongest import strongest
from pipeline.protocols.adversarial import Attack, Budget
from pipeline.protocols.adversarial.run import Evidence, attacked_logits, watch
from pipeline.protocols.supervised import run as supervised
from pipeline.training import loop
from pipeline.training.evidence import evaluate
from tests.kit import jobs

ATTACK = {"radius": 0.1, "radii": [0.02, 0.3], "steps": 4, "step_size": 0.5}
ATTACK |= {"adaptive_steps": 5, "targets": 2, "queries": 10}


def job(key="cross_entropy", seed=0, tests=30, **budget):
    budget = {"epochs": 3, "attack": ATTACK, **budget}
    made = jobs.job(jobs.method_of(key), "adversarial", jobs.data(test=tests, classes=4), seed, **budget)
    return dataclasses.replace(made, settings={**made.settings, "encoder": "convnet"})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    made = job()
    jobs.fitted(made, tmp_path_factory.mktemp("job") / "state")
    return made


def test_metrics_are_of_images_right_before_and_after(trained):
    """Attacked again here, in pixels, image by image."""
    found = evaluate(Evidence(trained), ["top1", "robust_fgsm", "robust_pgd"])
    method, data = trained.method, trained.data
    raw = data.test_inputs.float() / 255

    def logits(pixels):
        return method.logits(method.encoder((pixels - 0.5) / 0.25))

    right = logits(raw).argmax(1) == data.test_labels
    for radius, name in ((0.02, "0_02"), (0.1, "0_1"), (0.3, "0_3")):
        noise = torch.rand(raw.shape, generator=trained.draws.generator("attack", "pgd", f"{radius:g}"))
        starts = {"robust_fgsm": raw.clone(), "robust_pgd": (raw + radius * (2 * noise - 1)).clamp(0, 1)}
        for metric, steps, size in (("robust_fgsm", 1, radius), ("robust_pgd", 4, 0.5 * radius)):
            moved = starts[metric]
            for _ in range(steps):
                moved.requires_grad_()
                (slope,) = torch.autograd.grad(F.cross_entropy(logits(moved), data.test_labels), moved)
                moved = moved.detach() + size * slope.sign()
                moved = torch.minimum(torch.maximum(moved, raw - radius), raw + radius).clamp(0, 1)
            want = (right & (logits(moved).argmax(1) == data.test_labels)).double() * 100
            assert found.metrics[f"{metric}_{name}"] == pytest.approx(want.mean().item(), abs=100 / 30 + 1e-6)
    assert found.metrics["robust_pgd"] == found.metrics["robust_pgd_0_1"]
    assert found.metrics["robust_fgsm"] == found.metrics["robust_fgsm_0_1"]
    assert found.metrics["robust_pgd_0_3"] <= found.metrics["robust_pgd_0_02"] <= found.metrics["top1"]
    assert found.metrics["robust_pgd_0_3"] < found.metrics["top1"]
    assert set(found.arrays["example_robust_pgd_0_02"].tolist()) <= {0.0, 100.0}


def test_an_attack_of_radius_zero_finds_what_evaluation_finds(trained):
    attack, data = Ascent(PGD(Linf(0.0), 2, 0.1)), trained.data
    with torch.no_grad():
        found = attacked_logits(trained, attack, data.test_inputs, data.test_labels, "attack")
        assert torch.equal(found, supervised.Evidence(trained).logits)


def test_chunks_have_their_own_labels(trained, monkeypatch):
    """The images of a second chunk are attacked by their labels, not by the first ones'."""
    attack, whole = Ascent(PGD(Linf(0.1), 1, 0.1)), Evidence(trained)
    with torch.no_grad():
        before = whole._predictions(attack, "pgd", 0.1)
        monkeypatch.setattr("pipeline.modalities.images.run.CHUNK", 7)
        assert (whole._predictions(attack, "pgd", 0.1) == before).double().mean() > 0.8
        exact = Ascent(PGD(Linf(0.1), 1, 0.1, start=still))
        in_parts = whole._predictions(exact, "pgd", 0.1)
        monkeypatch.undo()
        assert torch.equal(in_parts, whole._predictions(exact, "pgd", 0.1))


def test_draws_are_of_study_and_seed_and_not_of_the_method():
    """Without steps and with weights of one's own choosing, two methods are shown the same images."""
    shown = {}
    for key, seed in (("cross_entropy", 0), ("trades", 0), ("cross_entropy", 1)):
        made = job(key, seed)
        loop.build(made, loop.whole(made))
        images = shown.setdefault((key, seed), [])
        made.method.encoder.register_forward_pre_hook(lambda _, x, images=images: images.append(x[0].detach()))
        with torch.no_grad():
            Evidence(made)._predictions(Ascent(PGD(Linf(0.1), 0, 0.1)), "pgd", 0.1)
    first, other, third = shown.values()
    assert torch.equal(first[0], other[0]) and not torch.equal(first[0], third[0])


def test_evaluation_leaves_the_method_as_it_was(trained):
    before = {name: value.clone() for name, value in trained.method.state_dict().items()}
    evaluate(Evidence(trained), ["robust_pgd"])
    assert all(torch.equal(value, before[name]) for name, value in trained.method.state_dict().items())
    assert all(not p.requires_grad or p.grad is None or p.grad.isfinite().all() for p in trained.method.parameters())


def test_twice_is_the_same(trained):
    first, second = (evaluate(Evidence(trained), ["robust_pgd", "robust_fgsm"]) for _ in range(2))
    assert first.metrics == second.metrics


def test_only_named_metrics_are_attacked(trained, monkeypatch):
    monkeypatch.setattr(Evidence, "_predictions", lambda *_: pytest.fail("attacked"))
    assert metrics.measure(Evidence(trained), ["top1"])[0].keys() == {"top1"}


def test_the_attacks_are_those_that_the_study_names(trained, monkeypatch):
    asked = []
    real = Evidence._attacked
    monkeypatch.setattr(Evidence, "_attacked", lambda *given: asked.append(given[1:]) or real(*given))
    radii, evidence = (0.02, 0.1, 0.3), Evidence(trained)
    with torch.no_grad():
        found = [evidence.fgsm_predictions, evidence.pgd_predictions, evidence.aa_predictions]
    assert [list(each) for each in found] == [list(radii)] * 3
    steps = {r: Ascent(PGD(Linf(r), 4, 0.5 * r)) for r in radii}
    wanted = [(Ascent(fgsm(Linf(r))), "fgsm", r) for r in radii] + [(steps[r], "pgd", r) for r in radii]
    assert asked == wanted + [(strongest("linf", r, 5, 2, 10), "aa", r) for r in radii]


def test_radii():
    assert Attack(radius=0.1, radii=[0.3, 0.02, 0.1]).all_radii == [0.02, 0.1, 0.3]
    assert Attack().all_radii == [0.1]


@pytest.mark.parametrize("precision", ["auto", "bf16"])
def test_only_full_precision_will_do(precision):
    from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET

    optimizer = {"name": "sgd", "learning_rate": 0.1}
    Budget.model_validate({"epochs": 1, "optimizer": optimizer}).check(DATASET, "s.yaml")
    asked = Budget.model_validate({"epochs": 1, "optimizer": optimizer, "precision": precision})
    with pytest.raises(UserError, match=re.escape(f"s.yaml: precision = '{precision}': attacks need 'fp32'")):
        asked.check(DATASET, "s.yaml")


def test_the_attack_is_read_by_evaluation_alone():
    optimizer = {"name": "sgd", "learning_rate": 0.1}
    assert "attack" in Budget.model_validate({"epochs": 1, "optimizer": optimizer}).not_trained_on()


def test_what_is_not_trained_has_no_passes(trained, monkeypatch):
    monkeypatch.setattr(type(trained.method), "trains", False)
    found = metrics.measure(Evidence(trained), ["passes", "share_shift"])
    assert (
        found.absent == {"passes": "it is not trained", "share_shift": "it mixes no classifiers"} and not found.values
    )


def test_the_ensemble_leaves_no_more_than_is_right_and_what_a_class_has(trained):
    found = evaluate(Evidence(trained), ["top1", "robust_aa", "robust_worst_class", "robust_class_gap", "masking"])
    left, labels = found.arrays["example_robust_aa"], trained.data.test_labels
    by_class = [float(left[labels == c].mean()) for c in labels.unique()]
    assert found.metrics["robust_aa"] <= found.metrics["top1"]
    assert found.metrics["robust_worst_class"] == pytest.approx(min(by_class))
    assert found.metrics["robust_class_gap"] == pytest.approx(sum(by_class) / len(by_class) - min(by_class))


def test_masking_is_what_a_stronger_attack_takes(trained):
    found = evaluate(Evidence(trained), ["robust_pgd", "robust_aa", "masking"]).metrics
    assert found["masking"] == pytest.approx(found["robust_pgd"] - found["robust_aa"])


def test_curves_are_of_the_first_images_and_the_table_of_all(trained):
    made = dataclasses.replace(
        trained, settings={**trained.settings, "attack": {**ATTACK, "curve_examples": 7, "training_examples": 9}}
    )
    found = evaluate(Evidence(made), ["robust_pgd", "robust_aa", "area", "robust_gap"])
    sizes = {name: len(values) for name, values in found.arrays.items() if name.startswith("example_robust")}
    assert sizes == {
        f"example_{name}{suffix}": 30 if suffix in ("", "_0_1") else 7
        for name in ("robust_pgd", "robust_aa")
        for suffix in ("", "_0_02", "_0_1", "_0_3")
    }
    assert len(found.arrays["example_area"]) == 7
    heights = [
        float(found.arrays[f"example_{name}"][:7].mean())
        for name in ("robust_pgd_0_02", "robust_pgd_0_1", "robust_pgd_0_3")
    ]
    right = (Evidence(made).logits.argmax(1) == made.data.test_labels)[:7].double().mean() * 100
    points = [(0.0, float(right)), *zip((0.02, 0.1, 0.3), heights, strict=True)]
    area = sum((b - a) * (x + y) / 2 for (a, x), (b, y) in itertools.pairwise(points)) / 0.3
    assert found.metrics["area"] == pytest.approx(area)


@pytest.mark.parametrize("key, passes", [("cross_entropy", 1), ("fast_at", 2), ("pgd_at", 8)])
def test_passes_are_counted_and_leave_the_method_as_it_was(key, passes):
    made = job(key)
    loop.build(made, loop.whole(made))
    before = {name: value.clone() for name, value in made.method.state_dict().items()}
    assert Evidence(made).passes == passes
    assert all(torch.equal(value, before[name]) for name, value in made.method.state_dict().items())
    assert all(parameter.grad is None for parameter in made.method.parameters())


def test_single_and_double_precision_find_the_same_robust_images(trained):
    """Within one image: rounding hides no gradient."""
    single = Evidence(trained)
    right = {}
    for kind in (torch.float32, torch.float64):
        made = copy.deepcopy(trained.method).to(kind).eval()

        def classify(x, made=made):
            for block in made.encoder.blocks:  # an encoder's own features are always single
                x = block(x)
            return made.logits(x.mean((2, 3)))

        attack, views = strongest("linf", 0.1, 10, 3, 20), single.test_views.to(kind)
        moved = attack(classify, views, single.labels, single.inputs, seeded())
        with torch.no_grad():
            right[kind] = int((classify(moved).argmax(1) == single.labels).sum())
    assert abs(right[torch.float32] - right[torch.float64]) <= 1


def seeded():
    return torch.Generator().manual_seed(0)


def test_watching_tells_what_is_robust_after_each_epoch(tmp_path):
    made = job("pgd_at", watch=True, epochs=2)
    rows = jobs.fitted(made, tmp_path / "state", watch=watch)
    assert all({"test_top1", "test_robust", "train_robust"} <= row.keys() for row in rows)
    made.history.extend(rows)
    robust = [row["test_robust"] for row in rows]
    assert evaluate(Evidence(made), ["robust_drop"]).metrics["robust_drop"] == max(robust) - robust[-1]


def test_few_classes_are_too_few_for_the_targeted_attack():
    from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET

    asked = {"epochs": 1, "optimizer": {"name": "sgd", "learning_rate": 0.1}, "held_out_classes": list(range(7))}
    with pytest.raises(UserError, match=re.escape("leaves 3 classes: the ensemble's targeted attack needs 4")):
        Budget.model_validate(asked).check(DATASET, "s.yaml")
