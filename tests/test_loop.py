"""The training loop: resuming, divergence, pairing, averages, on images made up here."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline import checkpoint, drivers, source
from pipeline.contract import Batch, Context, Training
from pipeline.training.device import choose
from pipeline.drivers import loop, supervised
from pipeline.errors import UserError
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.settings import BUDGETS

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


def data() -> drivers.Data:
    draw = torch.Generator().manual_seed(0)

    def images(count: int) -> torch.Tensor:
        return torch.randint(0, 256, (count, 1, 16, 16), dtype=torch.uint8, generator=draw)

    def labels(count: int) -> torch.Tensor:
        return torch.arange(count) % 4

    train, valid, test = [(images(count), labels(count)) for count in (70, 8, 12)]
    rest = images(0), *train, images(0), ["a", "b", "c", "d"], (0.5,), (0.25,)
    return drivers.Data(*train, train[1], *valid, *test, *rest)


def job(key: str, seed: int = 0, **budget: Any) -> drivers.Job:
    info = source.method(key)
    protocol = {
        "epochs": 4,
        "batch_size": 32,
        "optimizer": {"name": "sgd", "learning_rate": 0.05, "weight_decay": 0.01},
        "schedule": {"name": "one_cycle", "warmup": 0.25},
        "augmentation": {"crop_scale": [0.3, 1.0], "flip": 0.5, "small_size": 8},
    }
    values = BUDGETS[info.driver].model_validate({**protocol, **budget}).model_dump(mode="json", exclude={"seeds"})
    method = drivers.make_method(info.module, info.name, info.resolve(SETTINGS[key], "test"))
    made = drivers.Job(values, "study", seed, method, choose("fp32"), load=lambda key: None)
    made.data = data()
    return made


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
    def made() -> drivers.Job:
        return job(key, optimizer=OPTIMIZERS[optimizer], weight_average=average)

    straight = made()
    rows = loop.fit(straight, tmp_path / "never", 1e9, silent)
    assert not (tmp_path / "never").exists()
    assert len({row["loss"] for row in rows}) == 4

    # the kill comes in the third epoch, after the checkpoint of the second
    state, seen = tmp_path / "checkpoint.safetensors", []

    def killed(row: dict[str, Any]) -> None:
        seen.append(row)
        if row["epoch"] == 3:
            raise Killed

    with pytest.raises(Killed):
        loop.fit(made(), state, 0.0, killed)
    assert len(checkpoint.load(state)["rows"]) == 2
    torch.manual_seed(99)  # what was drawn elsewhere meanwhile plays no part
    resumed, reported = made(), []
    finished = loop.fit(resumed, state, 0.0, reported.append)
    assert [row["epoch"] for row in reported] == [3, 4]
    assert without_clock(finished) == without_clock(rows)
    assert finished[:2] == seen[:2]  # the times, too, are those of the first part
    expected, found = straight.method.state_dict(), resumed.method.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_the_weight_average_is_the_exponential_one_and_what_is_left_in_the_method(tmp_path: Path) -> None:
    averaged, plain = job("cross_entropy", weight_average=0.6), job("cross_entropy")
    own = loop.build(job("cross_entropy")).state_dict()
    expected = {name: value.clone() for name, value in own.items()}
    steps = []
    after = plain.method.after_step

    def record() -> None:
        after()
        steps.append({name: value.clone() for name, value in plain.method.state_dict().items()})

    plain.method.after_step = record  # type: ignore[method-assign]
    loop.fit(plain, tmp_path / "a", 1e9, silent)
    loop.fit(averaged, tmp_path / "a", 1e9, silent)
    assert len(steps) == 4 * 2
    for current in steps:
        for name, value in current.items():
            floating = value.is_floating_point()
            expected[name] = 0.6 * expected[name] + 0.4 * value if floating else value
    for name, value in averaged.method.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-5, atol=1e-6)


def first_batch(job: drivers.Job, folder: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    """The first batch that the method sees and the encoder it starts with."""
    found: list[Any] = []

    def spy(batch: Any) -> torch.Tensor:
        encoder = {name: value.clone() for name, value in job.method.encoder.state_dict().items()}
        found.append((batch, encoder))
        raise Killed

    job.method.loss = spy  # type: ignore[method-assign]
    with pytest.raises(Killed):
        loop.fit(job, folder / "none", 1e9, silent)
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
    assert not torch.equal(encoder["stages.0.0.weight"], different["stages.0.0.weight"])


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
    rows = loop.fit(made, tmp_path / "a", 1e9, silent)
    assert [len(indices) for indices in seen] == [32] * 4  # 70 examples
    first, second = torch.cat(seen[:2]), torch.cat(seen[2:])
    assert len(first.unique()) == len(second.unique()) == 64
    assert not torch.equal(first, second)
    assert progress == [0.0, 0.25, 0.5, 0.75]
    assert [row["epoch"] for row in rows] == [1, 2]


def test_a_reference_that_does_not_train_is_left_as_initialised(tmp_path: Path) -> None:
    made = job("random_encoder", epochs=0)
    assert loop.fit(made, tmp_path / "a", 0.0, silent) == []
    start = loop.build(job("random_encoder", epochs=0)).state_dict()
    assert all(torch.equal(value, start[name]) for name, value in made.method.state_dict().items())


def test_a_batch_larger_than_the_examples_left_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="batch_size = 71: must be at most the 70 training examples"):
        loop.fit(job("cross_entropy", batch_size=71), tmp_path / "a", 0.0, silent)


def test_a_loss_that_is_not_finite_stops_the_run_with_the_rows_so_far(tmp_path: Path) -> None:
    made = job("cross_entropy")
    loss = made.method.loss
    made.method.loss = lambda batch: loss(batch) * (float("nan") if made.method.progress >= 0.5 else 1.0)  # type: ignore[method-assign]
    reported: list[dict[str, Any]] = []
    with pytest.raises(drivers.Diverged) as caught:
        loop.fit(made, tmp_path / "a", 1e9, reported.append)
    reason, rows = caught.value.args
    assert "epoch 3" in reason
    assert "nan" in reason
    assert rows == reported
    assert [row["loss"] is None for row in rows] == [False, False, True]
    json.dumps(rows, allow_nan=False)


def test_a_damaged_checkpoint_is_said_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        loop.fit(job("cross_entropy", weight_average=0.5), state, 0.0, _kill_at(2))
    good = checkpoint.load(state)
    shutil.copy(state, tmp_path / "kept")
    wrong: list[Any] = [
        {**good, "method": {**good["method"], "head.weight": torch.ones(2, 2)}},
        {name: value for name, value in good.items() if name != "optimizer"},
        {**good, "optimizer": {}},
        {**good, "optimizer": {**good["optimizer"], "state": {"x": {}}}},
        {**good, "optimizer": {**good["optimizer"], "param_groups": []}},
        {**good, "average": None},
        {**good, "average": {**good["average"], "head.weight": torch.ones(2, 2)}},
        {**good, "average": {"other": torch.ones(2, 2)}},
        {**good, "rows": None},
    ]
    for tree in wrong:
        checkpoint.save(state, tree)
        with pytest.raises(UserError) as caught:
            loop.fit(job("cross_entropy", weight_average=0.5), state, 0.0, silent)
        assert str(caught.value).startswith(f"{state}: ")
        assert len(str(caught.value).splitlines()) == 1
    shutil.copy(tmp_path / "kept", state)
    assert len(loop.fit(job("cross_entropy", weight_average=0.5), state, 0.0, silent)) == 4


def _kill_at(epoch: int) -> Any:
    def report(row: dict[str, Any]) -> None:
        if row["epoch"] == epoch:
            raise Killed

    return report


def test_a_runs_share_of_the_data_is_cut_in_order_and_renumbered() -> None:
    from pipeline.modalities.images.datasets import Prepared

    labels = torch.arange(20) % 5
    images = torch.arange(20, dtype=torch.uint8)[:, None, None, None].expand(20, 1, 2, 2).contiguous()
    prepared = Prepared("x", images, labels, images[:10], labels[:10], (0.5,), (0.5,), tuple("abcde"), (1, 2, 2), "")

    def share(settings: dict[str, Any]) -> drivers.Data:
        return drivers.share(prepared, dataclasses.replace(job("cross_entropy"), settings=settings))

    wanted = {"held_out_classes": [1, 3], "train_examples": 15, "validation_examples": 5, "test_examples": 5}
    wanted |= {"evaluate_on": "test", "imbalance": None}
    part = share(wanted)
    # classes 0, 2, 4 become 0, 1, 2
    assert part.train_images[:, 0, 0, 0].tolist() == [0, 2, 4, 5, 7, 9]
    assert part.train_labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert part.valid_images[:, 0, 0, 0].tolist() == [10, 12, 14]
    assert part.test_images[:, 0, 0, 0].tolist() == [0, 2, 4]
    assert part.held_out_images[:, 0, 0, 0].tolist() == [1, 3]
    assert part.class_names == ["a", "c", "e"]
    assert torch.equal(part.labelled_images, part.train_images)

    # a search never sees the test split, and an imbalance thins out what is trained on but not what is labelled
    wanted |= {"evaluate_on": "validation", "imbalance": 2.0}
    part = share(wanted)
    assert part.test_images[:, 0, 0, 0].tolist() == [10, 12, 14]
    assert part.train_images[:, 0, 0, 0].tolist() == [0, 2, 4, 5]
    assert part.labelled_images[:, 0, 0, 0].tolist() == [0, 2, 4, 5, 7, 9]
    assert part.held_out_images[:, 0, 0, 0].tolist() == [11, 13]
    # what lies beyond train_examples is spare
    assert part.spare_images[:, 0, 0, 0].tolist() == [15, 17, 19]

    # noise strikes training labels only, and flips name classes as the data set numbers them
    wanted |= {"imbalance": None, "label_noise": {"rate": 1.0, "flips": [[2, 4]]}}
    part = share(wanted)
    assert part.true_labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert part.train_labels.tolist() == [0, 2, 2, 0, 2, 2]
    assert part.labelled_labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert part.test_labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize("rate", [0.2, 0.8])
def test_label_noise_draws_any_other_class_alike_or_the_one_named(rate: float) -> None:
    labels = torch.arange(40_000) % 4

    def draws() -> torch.Generator:
        return torch.Generator().manual_seed(3)

    given = drivers.noisy(labels, 4, rate, [], draws())
    for true in range(4):
        shares = torch.bincount(given[labels == true], minlength=4) / 10_000
        for other in range(4):
            assert shares[other] == pytest.approx(1 - rate if other == true else rate / 3, abs=0.015)
    flipped = drivers.noisy(labels, 4, rate, [[1, 3], [3, 0]], draws())
    changed = flipped != labels
    assert not changed[(labels == 0) | (labels == 2)].any()
    assert (flipped[changed & (labels == 1)] == 3).all() and (flipped[changed & (labels == 3)] == 0).all()
    assert changed[labels == 1].float().mean().item() == pytest.approx(rate, abs=0.015)
    assert torch.equal(given, drivers.noisy(labels, 4, rate, [], draws()))


def test_what_is_watched_after_each_epoch_stands_in_its_row_and_changes_nothing(tmp_path: Path) -> None:
    plain = loop.fit(job("cross_entropy"), tmp_path / "a", 1e9, silent)
    watched = job("cross_entropy", watch=True)
    rows = supervised.train(watched, tmp_path / "b", 1e9, silent)
    assert without_clock(rows) == without_clock(plain)
    right = supervised.logits(watched, watched.data.test_images).argmax(1) == watched.data.test_labels
    assert rows[-1]["test_top1"] == pytest.approx(100 * float(right.double().mean()))
    watched.history = rows
    found = supervised.evaluate(watched).metrics
    assert found["top1"] == pytest.approx(rows[-1]["test_top1"])
    assert found["top1_best"] == max(row["test_top1"] for row in rows)


class Staged(SimCLR):
    """Two stages: the first notes the images' mean, the second trains a fresh encoder on made-up images as well."""

    stages = (0.5, 0.5)

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("seen", torch.zeros(3))
        self.register_buffer("extra", torch.zeros((10, *context.image_shape), dtype=torch.uint8))
        self.calls: list[tuple[int, float]] = []

    def start_stage(self, stage: int, training: Training) -> None:
        means = torch.stack([self.features(part).mean() for part in training.plain()])
        self.seen[stage] = means.mean() + torch.rand(())
        if stage == 1:
            self.extra.copy_(training.to_bytes(torch.randn(self.extra.shape)))
            for layer in self.encoder.modules():
                if hasattr(layer, "reset_parameters"):
                    layer.reset_parameters()

    def arrange(self, order: torch.Tensor) -> torch.Tensor:
        return order if self.stage == 0 else torch.cat([70 + torch.arange(10), order])

    def fetch(self, images: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        return torch.cat([images, self.extra])[indices]

    def loss(self, batch: Batch) -> torch.Tensor:
        assert (batch.labels == -1).sum() == (batch.indices >= 70).sum()
        self.calls.append((self.stage, self.progress))
        return super().loss(batch)


def staged(**budget: Any) -> drivers.Job:
    made = job("simclr", **budget)
    made.method = Staged()
    return made


def test_stages_share_the_epochs_and_each_has_its_own_schedule(tmp_path: Path) -> None:
    made = staged(schedule={"name": "cosine"})
    rows = loop.fit(made, tmp_path / "a", 1e9, silent)
    method = made.method
    assert isinstance(method, Staged)
    assert method.calls == [(stage, step / 4) for stage in (0, 1) for step in range(4)]
    assert [row["learning_rate"] for row in rows] == [rows[0]["learning_rate"], rows[1]["learning_rate"]] * 2
    assert method.seen[0] != 0 and method.seen[1] != 0 and method.extra.float().std() > 10


@pytest.mark.parametrize(("average", "epoch"), [(0.0, 2), (0.5, 2), (0.5, 3), (0.0, 4)])
def test_a_killed_run_of_several_stages_resumes_within_and_between_them(
    tmp_path: Path, average: float, epoch: int
) -> None:
    straight = staged(weight_average=average)
    rows = loop.fit(straight, tmp_path / "never", 1e9, silent)

    def killed(row: dict[str, Any]) -> None:
        if row["epoch"] == epoch:
            raise Killed

    state = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        loop.fit(staged(weight_average=average), state, 0.0, killed)
    torch.manual_seed(99)
    resumed = staged(weight_average=average)
    finished = loop.fit(resumed, state, 0.0, silent)
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
    ],
)
def test_spans_of_stages(shares: tuple[float, ...], epochs: int, expected: list[tuple[int, int]]) -> None:
    assert loop.spans(shares, epochs) == expected


def test_bytes_and_views_are_each_others_inverse() -> None:
    made = job("simclr")
    training = loop.TrainingSet(made)
    views = torch.cat(list(training.plain()))
    assert torch.equal(training.to_bytes(views), made.data.train_images)
    assert torch.equal(training.to_bytes(torch.tensor([[[[1e3]], [[-1e3]]]])).flatten(), torch.tensor([255, 0]))


def test_a_long_tail_falls_exponentially_and_keeps_the_first_examples() -> None:
    labels = torch.arange(4000) % 4
    kept = drivers.long_tail(labels, 4, 1000.0)
    assert torch.bincount(labels[kept]).tolist() == [1000, 100, 10, 1]
    assert torch.equal(kept, kept.sort().values)
    assert kept[labels[kept] == 2].tolist() == [2 + 4 * i for i in range(10)]
    assert len(drivers.long_tail(labels, 4, 1.0)) == 4000
