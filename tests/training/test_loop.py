"""The training loop: resuming, divergence, pairing, averages, streams, on images made up here."""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from pipeline.contract import Batch, Context, TrainingSet
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.modalities.sharing import long_tail, noisy
from pipeline.planning import code
from pipeline.protocols.supervised import run as supervised
from pipeline.training import checkpoint, loop
from pipeline.training.evidence import evaluate
from pipeline.training.job import Diverged, Job
from tests.kit import jobs
from tests.kit.jobs import fitted

SETTINGS = {
    "cross_entropy": {},
    "moco_v2": {"queue_length": 64, "momentum": 0.9},
    "mochi": {"queue_length": 64, "momentum": 0.9, "hardest": 8, "mixed": 8, "mixed_with_query": 2},
    "swav": {"prototypes": 10, "small_crops": 2, "queue_length": 64},
    "simclr": {},
    "label_smoothing": {},
    "supervised_encoder": {},
    "random_encoder": {},
}


def job(key: str, seed: int = 0, **budget: Any) -> Job:
    protocol = {
        "epochs": 4,
        "batch_size": 32,
        "optimizer": {"name": "sgd", "learning_rate": 0.05, "weight_decay": 0.01},
        "schedule": {"name": "one_cycle", "warmup": 0.25},
        "augmentation": {"crop_scale": [0.3, 1.0], "flip": 0.5, "small_size": 8},
    }
    kind = "supervised" if code.method(key).kind == "classifier" else "self_supervised"
    data = jobs.data(70, 8, 12, side=16, classes=4)
    return jobs.job(jobs.method_of(key, **SETTINGS[key]), kind, data, seed, **{**protocol, **budget})


def built(job: Job) -> Any:
    return loop.build(job, loop.whole(job))


def silent(row: dict[str, Any]) -> None:
    pass


class Killed(BaseException):
    pass


def without_clock(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in ("epoch", "loss", "learning_rate")} for row in rows]


OPTIMIZERS = {
    "sgd": {"name": "sgd", "learning_rate": 0.05, "nesterov": True},
    "lars": {"name": "lars", "learning_rate": 0.5, "trust": 0.1},
    "adamw": {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
}


@pytest.mark.parametrize(
    ("key", "optimizer", "average"),
    [
        ("cross_entropy", "sgd", 0.0),
        ("cross_entropy", "adamw", 0.5),
        ("cross_entropy", "lars", 0.0),
        ("moco_v2", "sgd", 0.0),
        ("mochi", "adamw", 0.0),
        ("swav", "sgd", 0.0),
        ("swav", "lars", 0.9),
    ],
)
def test_an_interrupted_run_ends_with_the_numbers_of_an_uninterrupted_one(
    tmp_path: Path, key: str, optimizer: str, average: float
) -> None:
    def made() -> Job:
        return job(key, optimizer=OPTIMIZERS[optimizer], weight_average=average)

    straight = made()
    rows = fitted(straight, tmp_path / "never", silent)
    assert not (tmp_path / "never").exists()
    assert len({row["loss"] for row in rows}) == 4

    # the kill comes in the third epoch, after the checkpoint of the second
    state, seen = tmp_path / "checkpoint.safetensors", []

    def killed(row: dict[str, Any]) -> None:
        seen.append(row)
        if row["epoch"] == 3:
            raise Killed

    with pytest.raises(Killed):
        fitted(made(), state, killed, 0.0)
    assert len(checkpoint.load(state)["rows"]) == 2
    torch.manual_seed(99)  # what was drawn elsewhere meanwhile plays no part
    resumed, reported = made(), []
    finished = fitted(resumed, state, reported.append, 0.0)
    assert [row["epoch"] for row in reported] == [3, 4]
    assert without_clock(finished) == without_clock(rows)
    assert finished[:2] == seen[:2]  # the times, too, are those of the first part
    expected, found = straight.method.state_dict(), resumed.method.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_the_weight_average_is_the_exponential_one_and_what_is_left_in_the_method(tmp_path: Path) -> None:
    averaged, plain = job("cross_entropy", weight_average=0.6), job("cross_entropy")
    own = built(job("cross_entropy")).state_dict()
    expected = {name: value.clone() for name, value in own.items()}
    steps = []
    after = plain.method.after_step

    def record() -> None:
        after()
        steps.append({name: value.clone() for name, value in plain.method.state_dict().items()})

    plain.method.after_step = record  # type: ignore[method-assign]
    fitted(plain, tmp_path / "a", silent)
    fitted(averaged, tmp_path / "a", silent)
    assert len(steps) == 4 * 2
    for current in steps:
        for name, value in current.items():
            floating = value.is_floating_point()
            expected[name] = 0.6 * expected[name] + 0.4 * value if floating else value
    for name, value in averaged.method.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-5, atol=1e-6)


def first_batch(job: Job, folder: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    """The first batch that the method sees and the encoder it starts with."""
    found: list[Any] = []

    def spy(batch: Any) -> torch.Tensor:
        encoder = {name: value.clone() for name, value in job.method.encoder.state_dict().items()}
        found.append((batch, encoder))
        raise Killed

    job.method.loss = spy  # type: ignore[method-assign]
    with pytest.raises(Killed):
        fitted(job, folder / "none", silent)
    return found[0]


@pytest.mark.parametrize(
    ("one", "other"), [("cross_entropy", "label_smoothing"), ("simclr", "moco_v2"), ("simclr", "supervised_encoder")]
)
def test_methods_of_a_study_are_paired_at_each_seed(tmp_path: Path, one: str, other: str) -> None:
    batch, encoder = first_batch(job(one), tmp_path)
    paired, same = first_batch(job(other), tmp_path)
    assert torch.equal(batch.indices, paired.indices)
    assert torch.equal(batch.labels, paired.labels)
    assert torch.equal(batch.views[0], paired.views[0])
    assert all(torch.equal(encoder[name], same[name]) for name in encoder)
    unpaired, different = first_batch(job(one, seed=1), tmp_path)
    assert not torch.equal(batch.indices, unpaired.indices)
    assert not torch.equal(encoder["blocks.0.0.weight"], different["blocks.0.0.weight"])


def test_batches_are_full_and_an_epoch_shows_no_example_twice(tmp_path: Path) -> None:
    made = job("cross_entropy", epochs=2)
    seen: list[torch.Tensor] = []
    progress: list[float] = []
    loss = made.method.loss

    def spy(batch: Any) -> torch.Tensor:
        seen.append(batch.indices)
        progress.append(made.method.progress)
        assert torch.equal(batch.labels, made.data.train_labels[batch.indices])
        return loss(batch)

    made.method.loss = spy  # type: ignore[method-assign]
    rows = fitted(made, tmp_path / "a", silent)
    assert [len(indices) for indices in seen] == [32] * 4  # 70 examples
    first, second = torch.cat(seen[:2]), torch.cat(seen[2:])
    assert len(first.unique()) == len(second.unique()) == 64
    assert not torch.equal(first, second)
    assert progress == [0.0, 0.25, 0.5, 0.75]
    assert [row["epoch"] for row in rows] == [1, 2]


def test_a_reference_that_does_not_train_is_left_as_initialised(tmp_path: Path) -> None:
    made = job("random_encoder", epochs=0)
    assert fitted(made, tmp_path / "a", silent, 0.0) == []
    start = built(job("random_encoder", epochs=0)).state_dict()
    assert all(torch.equal(value, start[name]) for name, value in made.method.state_dict().items())


def test_a_batch_larger_than_the_examples_left_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="batch_size = 71: must be at most the 70 training examples"):
        fitted(job("cross_entropy", batch_size=71), tmp_path / "a", silent, 0.0)


def test_a_loss_that_is_not_finite_stops_the_run_with_the_rows_so_far(tmp_path: Path) -> None:
    made = job("cross_entropy")
    loss = made.method.loss
    made.method.loss = lambda batch: loss(batch) * (float("nan") if made.method.progress >= 0.5 else 1.0)  # type: ignore[method-assign]
    reported: list[dict[str, Any]] = []
    with pytest.raises(Diverged) as caught:
        fitted(made, tmp_path / "a", reported.append)
    reason, rows = caught.value.args
    assert "epoch 3" in reason
    assert "nan" in reason
    assert rows == reported
    assert [row["loss"] is None for row in rows] == [False, False, True]
    json.dumps(rows, allow_nan=False)


def test_a_damaged_checkpoint_is_said_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        fitted(job("cross_entropy", weight_average=0.5), state, _kill_at(2), 0.0)
    good = checkpoint.load(state)
    shutil.copy(state, tmp_path / "kept")
    wrong: list[Any] = [
        {**good, "method": {**good["method"], "head.weight": torch.ones(2, 2)}},
        {name: value for name, value in good.items() if name != "optimizers"},
        {**good, "optimizers": [{}]},
        {**good, "optimizers": []},
        {**good, "optimizers": [{**good["optimizers"][0], "state": {"x": {}}}]},
        {**good, "optimizers": [{**good["optimizers"][0], "param_groups": []}]},
        {**good, "average": None},
        {**good, "average": {**good["average"], "head.weight": torch.ones(2, 2)}},
        {**good, "average": {"other": torch.ones(2, 2)}},
        {**good, "rows": None},
    ]
    for tree in wrong:
        checkpoint.save(state, tree)
        with pytest.raises(UserError) as caught:
            fitted(job("cross_entropy", weight_average=0.5), state, silent, 0.0)
        assert str(caught.value).startswith(f"{state}: ")
        assert len(str(caught.value).splitlines()) == 1
    shutil.copy(tmp_path / "kept", state)
    assert len(fitted(job("cross_entropy", weight_average=0.5), state, silent, 0.0)) == 4


def _kill_at(epoch: int) -> Any:
    def report(row: dict[str, Any]) -> None:
        if row["epoch"] == epoch:
            raise Killed

    return report


@pytest.mark.parametrize("rate", [0.2, 0.8])
def test_label_noise_draws_any_other_class_alike_or_the_one_named(rate: float) -> None:
    labels = torch.arange(40_000) % 4

    def draws() -> torch.Generator:
        return torch.Generator().manual_seed(3)

    given = noisy(labels, 4, rate, [], draws())
    for true in range(4):
        shares = torch.bincount(given[labels == true], minlength=4) / 10_000
        for other in range(4):
            assert shares[other] == pytest.approx(1 - rate if other == true else rate / 3, abs=0.015)
    flipped = noisy(labels, 4, rate, [[1, 3], [3, 0]], draws())
    changed = flipped != labels
    assert not changed[(labels == 0) | (labels == 2)].any()
    assert (flipped[changed & (labels == 1)] == 3).all() and (flipped[changed & (labels == 3)] == 0).all()
    assert changed[labels == 1].float().mean().item() == pytest.approx(rate, abs=0.015)
    assert torch.equal(given, noisy(labels, 4, rate, [], draws()))


def test_what_is_watched_after_each_epoch_stands_in_its_row_and_changes_nothing(tmp_path: Path) -> None:
    plain = fitted(job("cross_entropy"), tmp_path / "a", silent, 1e9)
    watched = job("cross_entropy", watch=True)
    rows = fitted(watched, tmp_path / "b", watch=supervised.watch)
    assert without_clock(rows) == without_clock(plain)
    watched.method.eval()
    right = supervised.logits(watched, watched.data.test_inputs).argmax(1) == watched.data.test_labels
    assert rows[-1]["test_top1"] == pytest.approx(100 * float(right.double().mean()))
    watched.history.extend(rows)
    found = evaluate(supervised.Evidence(watched), ["top1", "top1_best"]).metrics
    assert found["top1"] == pytest.approx(rows[-1]["test_top1"])
    assert found["top1_best"] == max(row["test_top1"] for row in rows)


class Phased(SimCLR):
    """Two phases: the first notes the images' mean, the second trains a fresh encoder on made-up images as well."""

    phases = (0.5, 0.5)

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("seen", torch.zeros(3))
        self.register_buffer("extra", torch.zeros((10, *context.inputs.shape), dtype=torch.uint8))
        self.calls: list[tuple[int, float]] = []

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        means = torch.stack([self.features(part).mean() for part in training.plain()])
        self.seen[phase] = means.mean() + torch.rand(())
        if phase == 1:
            self.extra.copy_(training.raw(torch.randn(self.extra.shape)))
            for layer in self.encoder.modules():
                if hasattr(layer, "reset_parameters"):
                    layer.reset_parameters()

    def arrange(self, order: torch.Tensor) -> torch.Tensor:
        return order if self.phase == 0 else torch.cat([70 + torch.arange(10), order])

    def fetch(self, images: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        return torch.cat([images, self.extra])[indices]

    def loss(self, batch: Batch) -> torch.Tensor:
        assert (batch.labels == -1).sum() == (batch.indices >= 70).sum()
        self.calls.append((self.phase, self.progress))
        return super().loss(batch)


def phased(**budget: Any) -> Job:
    return dataclasses.replace(job("simclr", **budget), method=Phased())


def test_phases_share_the_epochs_and_each_has_its_own_schedule(tmp_path: Path) -> None:
    made = phased(schedule={"name": "cosine"})
    rows = fitted(made, tmp_path / "a", silent)
    method = made.method
    assert isinstance(method, Phased)
    assert method.calls == [(phase, step / 4) for phase in (0, 1) for step in range(4)]
    assert [row["learning_rate"] for row in rows] == [rows[0]["learning_rate"], rows[1]["learning_rate"]] * 2
    assert method.seen[0] != 0 and method.seen[1] != 0 and method.extra.float().std() > 10


@pytest.mark.parametrize(("average", "epoch"), [(0.0, 2), (0.5, 2), (0.5, 3), (0.0, 4)])
def test_a_killed_run_of_several_phases_resumes_within_and_between_them(
    tmp_path: Path, average: float, epoch: int
) -> None:
    straight = phased(weight_average=average)
    rows = fitted(straight, tmp_path / "never", silent)

    def killed(row: dict[str, Any]) -> None:
        if row["epoch"] == epoch:
            raise Killed

    state = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        fitted(phased(weight_average=average), state, killed, 0.0)
    torch.manual_seed(99)
    resumed = phased(weight_average=average)
    finished = fitted(resumed, state, silent, 0.0)
    assert without_clock(finished) == without_clock(rows)
    expected, found = straight.method.state_dict(), resumed.method.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize(
    ("shares", "epochs", "expected"),
    [
        ((1.0,), 5, [(0, 5)]),
        ((1.0,), 0, [(0, 0)]),
        ((0.5, 0.5), 4, [(0, 2), (2, 4)]),
        ((0.25, 0.75), 4, [(0, 1), (1, 4)]),
        ((1, 1, 1), 4, [(0, 1), (1, 3), (3, 4)]),
        ((0.5, 0.5), 1, [(0, 0), (0, 1)]),
        ((0.0,), 5, [(0, 0)]),
        ((1.0, 0.0), 5, [(0, 5), (5, 5)]),
    ],
)
def test_spans_of_phases(shares: tuple[float, ...], epochs: int, expected: list[tuple[int, int]]) -> None:
    made = job("cross_entropy", epochs=epochs)
    made.method.phases = shares
    assert [(phase.first, phase.last) for phase in loop.split(made, 2)] == expected


def test_bytes_and_views_are_each_others_inverse() -> None:
    made = job("simclr")
    training = loop.TrainingSet(made, loop.whole(made)[0])
    views = torch.cat(list(training.plain()))
    assert torch.equal(training.raw(views), made.data.train_inputs)
    assert torch.equal(training.raw(torch.tensor([[[[1e3]], [[-1e3]]]])).flatten(), torch.tensor([255, 0]))


def test_a_long_tail_falls_exponentially_and_keeps_the_first_examples() -> None:
    labels = torch.arange(4000) % 4
    kept = long_tail(labels, 4, 1000.0)
    assert torch.bincount(labels[kept]).tolist() == [1000, 100, 10, 1]
    assert torch.equal(kept, kept.sort().values)
    assert kept[labels[kept] == 2].tolist() == [2 + 4 * i for i in range(10)]
    assert len(long_tail(labels, 4, 1.0)) == 4000


class TwoStreams(CrossEntropy):
    """Reads a second stream, of its own size, and has an optimiser for each of its two parts."""

    streams: ClassVar[Mapping[str, tuple[str, ...]]] = {"further": ("plain", "full")}

    def build(self, context: Context) -> None:
        super().build(context)
        self.seen: list[Batch] = []

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        return {"train": batch_size - 12, "further": 40}

    def optimizers(self, make: Any, phase: int) -> list[torch.optim.Optimizer]:
        second = make(self.head)
        for group in second.param_groups:
            group["scale"] = 0.5
        return [make(self.encoder), second]

    def loss(self, batch: Batch) -> torch.Tensor:
        self.seen.append(batch)
        return super().loss(batch) + self.encoder(batch["further"].views[1]).square().mean()


def two_streams(**budget: Any) -> Job:
    made = dataclasses.replace(job("cross_entropy", **budget), method=TwoStreams())
    return made.with_data(streams={"further": made.data.test_inputs})


def test_streams_have_sizes_views_and_draws_of_their_own_and_no_labels(tmp_path: Path) -> None:
    made = two_streams()
    fitted(made, tmp_path / "a")
    assert isinstance(made.method, TwoStreams)
    first = made.method.seen[0]
    assert len(first.views[0]) == 20 and [len(view) for view in first["further"].views] == [40, 40]
    # twelve inputs, gone through as often as an epoch of two steps needs
    places = torch.cat([batch["further"].indices for batch in made.method.seen[:2]])
    assert torch.bincount(places[:72], minlength=12).tolist() == [6] * 12
    assert (first["further"].labels == -1).all()
    plain, _ = made.views.view(made.data.test_inputs[first["further"].indices], "plain")
    assert torch.equal(first["further"].views[0], plain)
    alone = dataclasses.replace(job("cross_entropy"), method=CrossEntropy())
    batch, _ = first_batch(alone, tmp_path)
    assert torch.equal(batch.indices[:20], first.indices), "a further stream changes nobody's order"


def test_several_optimisers_are_scheduled_scaled_and_resumed(tmp_path: Path) -> None:
    straight = two_streams()
    rows = fitted(straight, tmp_path / "never")
    state = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        fitted(two_streams(), state, _kill_at(3), 0.0)
    assert len(checkpoint.load(state)["optimizers"]) == 2
    resumed = two_streams()
    assert without_clock(fitted(resumed, state)) == without_clock(rows)
    expected, found = straight.method.state_dict(), resumed.method.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    halved = two_streams(epochs=1, schedule={"name": "constant"})
    kept: list[Any] = []
    make = halved.method.optimizers
    halved.method.optimizers = lambda *given: kept.extend(make(*given)) or kept  # type: ignore[method-assign]
    fitted(halved, tmp_path / "b")
    assert [optimizer.param_groups[0]["lr"] for optimizer in kept] == [0.05, 0.025]


class Renewed(CrossEntropy):
    """Renews a buffer from the whole training set before every epoch."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("renewals", torch.zeros(8))

    def renew(self, epoch: int, training: TrainingSet) -> None:
        self.renewals[epoch] += torch.cat([self.encoder(part).mean()[None] for part in training.plain()]).sum()


def test_what_is_renewed_before_each_epoch_survives_a_kill(tmp_path: Path) -> None:
    def made() -> Job:
        return dataclasses.replace(job("cross_entropy"), method=Renewed())

    straight, resumed, state = made(), made(), tmp_path / "checkpoint.safetensors"
    fitted(straight, tmp_path / "never")
    with pytest.raises(Killed):
        fitted(made(), state, _kill_at(3), 0.0)
    fitted(resumed, state)
    expected, found = straight.method.state_dict(), resumed.method.state_dict()
    assert (expected["renewals"][:4] != 0).all()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize("ahead", [1, 5_000])
def test_views_made_ahead_are_those_of_each_step(ahead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = {"crop_scale": [0.3, 1.0], "flip": 0.5, "jitter": 0.8, "contrast": 0.4, "small_size": 5}
    policy |= {"small_scale": [0.1, 0.4], "strong": {"shift": 1, "cutout": 0.5}}

    def batches() -> list[Batch]:
        made = two_streams(batch_size=20, augmentation=policy)
        made.method.views = ("full", "small", "full", "strong", "plain")
        return list(loop._batches(made, loop.whole(made)[0], 3))

    wanted = batches()
    monkeypatch.setattr(loop, "AHEAD", ahead)
    for one, other in zip(wanted, batches(), strict=True):
        for batch, same in ((one, other), (one["further"], other["further"])):
            assert torch.equal(batch.indices, same.indices) and torch.equal(batch.labels, same.labels)
            for views, again in ((batch.views, same.views), (batch.boxes, same.boxes)):
                assert all(torch.equal(a, b) for a, b in zip(views, again, strict=True))


def test_a_modality_whose_draws_cannot_be_joined_makes_views_step_by_step() -> None:
    made = two_streams(batch_size=20)

    class Plain:
        view = made.views.view

    wanted = list(loop._batches(made, loop.whole(made)[0], 0))
    made.__dict__["views"] = Plain  # it is computed once
    for one, other in zip(wanted, loop._batches(made, loop.whole(made)[0], 0), strict=True):
        assert torch.equal(one.views[0], other.views[0]) and torch.equal(one.boxes[0], other.boxes[0])
        assert torch.equal(one["further"].views[1], other["further"].views[1])
