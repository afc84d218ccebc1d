"""MLflow mirrors the result files: once, completely, from many processes, and never at a run's expense."""

import json
import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from pipeline import files, tracking
from pipeline.errors import UserError
from pipeline.exhibits import outputs
from pipeline.exhibits.frame import Files
from pipeline.tracking import reach
from tests.kit import exhibits as kit
from tests.kit.project import HERE
from tests.kit.tracked import small

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def own_store(monkeypatch):
    """Each test starts as a fresh process would: nothing given up, no server."""
    for name in ("MLFLOW_TRACKING_URI", reach.CALL):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(reach, "_given_up", set())


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A database without runs; making one takes seconds, copying it does not."""
    root = tmp_path_factory.mktemp("empty")
    tracking.sync(small(), root)
    return root


@pytest.fixture
def root(tmp_path, empty):
    shutil.copy(empty / "mlflow.db", tmp_path / "mlflow.db")
    return tmp_path


def written(root, plan):
    kit.write(root, plan)
    for run in plan.runs:
        (root / run.path / "model.safetensors").write_bytes(b"weights " + run.id.encode())
    return plan


def client(root):
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=tracking.store_uri(root))


def tracked(root, kind="run", study="ssl"):
    mlflow = client(root)
    experiment = mlflow.get_experiment_by_name(study)
    found = mlflow.search_runs([experiment.experiment_id], f"tags.`recount.kind` = '{kind}'", 3)  # 3: also deleted
    return {run.data.tags["recount.id"]: run for run in found}, len(found)


def points(root):
    with sqlite3.connect(root / "mlflow.db") as database:
        return sorted(database.execute("SELECT run_uuid, key, step, value FROM metrics"))


def test_a_run_is_mirrored_completely(root):
    plan = written(root, small())
    assert all(tracking.send(run, root) for run in plan.runs)
    found, count = tracked(root)
    assert count == len(plan.runs)
    for run in plan.runs:
        mirror, result = found[run.id], Files(root).results([run])[0]
        data = mirror.data
        expected = {"study": "ssl", "dataset": "fashion_mnist", "method": run.method, "paper": run.paper}
        expected |= {"variant": "default", "seed": str(run.seed), "tier": "laptop", "git_commit": "abc1234"}
        assert expected.items() <= data.tags.items()
        assert data.tags["status"] == result["status"]
        assert mirror.info.status == ("FINISHED" if result["status"] == "ok" else "FAILED")
        assert data.params == {
            "tier": "laptop",
            "optimizer.name": "sgd",
            "optimizer.betas": "[0.9, 0.999]",
            "method.margin": "0.35",
            "epochs": "null",
        }
        finals = {name: data.metrics[name] for name in result["metrics"]}
        assert finals == result["metrics"]
        for name in ("loss", "learning_rate", "images_per_second", "seconds"):
            steps = [(p.step, p.value) for p in client(root).get_metric_history(mirror.info.run_id, name)]
            assert steps == [(row["epoch"], row[name]) for row in Files(root).history(run)]
        (given,) = mirror.inputs.dataset_inputs
        assert given.dataset.name == "fashion_mnist"
        assert ("0" * 64).startswith(given.dataset.digest) and len(given.dataset.digest) == 36
        assert given.tags[0].value == "training"
        place = root / "mlartifacts/ssl" / mirror.info.run_id / "artifacts"
        assert {p.name: p.read_bytes() for p in place.iterdir()} == {
            p.name: p.read_bytes() for p in (root / run.path).iterdir()
        }
        started = kit.datetime.fromisoformat(result["started"]).timestamp() * 1000
        assert mirror.info.start_time == started
        assert mirror.info.end_time == started + 6000
    parents, _ = tracked(root, "method")
    names = {run.info.run_id: run.info.run_name for run in parents.values()}
    assert sorted(names.values()) == ["mochi", "simclr"]
    assert {r.method for r in plan.runs if names[found[r.id].data.tags["mlflow.parentRunId"]] == r.method} == {
        "mochi",
        "simclr",
    }


def test_sending_again_changes_nothing(root):
    plan = written(root, small())
    tracking.sync(plan, root)
    before = points(root)
    assert all(tracking.send(run, root) for run in plan.runs)
    again = tracking.sync(plan, root)
    assert (again.sent, again.present) == (0, len(plan.runs))
    assert points(root) == before
    assert tracked(root)[1] == len(plan.runs)


def test_a_send_that_was_cut_short_is_completed_without_double_points(root):
    plan = written(root, small(1))
    tracking.sync(plan, root)
    before = points(root)
    with sqlite3.connect(root / "mlflow.db") as database:
        database.execute("DELETE FROM tags WHERE key = 'recount.sent'")
    with pytest.raises(UserError, match="python -m pipeline track"):
        tracking.MlflowRecords(plan, root).results(plan.runs)
    assert tracking.sync(plan, root).sent == len(plan.runs)
    assert points(root) == before


def test_a_run_made_again_replaces_files_and_adds_only_what_differs(root):
    plan = written(root, small(1))
    tracking.sync(plan, root)
    before = points(root)
    run = plan.runs[0]
    result = files.read_sealed(root / run.path / "result.json")
    result["metrics"]["linear_top1"] = 12.5
    result["seconds"]["train"] = 99.0
    result = files.write_sealed(root / run.path / "result.json", result)
    assert tracking.sync(plan, root).sent == 1
    added = set(points(root)) - set(before)
    assert [point[1:] for point in added] == [("linear_top1", 0, 12.5)]
    assert tracked(root)[0][run.id].data.metrics["linear_top1"] == 12.5
    assert tracking.MlflowRecords(plan, root).results([run]) == [result]


def test_lost_artifacts_are_sent_again(root):
    plan = written(root, small(1))
    tracking.sync(plan, root)
    shutil.rmtree(root / "mlartifacts")
    assert tracking.sync(plan, root).sent == len(plan.runs)
    assert tracking.MlflowRecords(plan, root).results(plan.runs) == Files(root).results(plan.runs)


EIGHT = """
import os, sys
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
from pathlib import Path
import mlflow.store.tracking.sqlalchemy_store  # once, before forking: eight imports of it cost half a minute
from pipeline import files, tracking
from tests.kit.tracked import small

runs, place, jobs = small(4).runs, Path(sys.argv[1]), []
for mine in runs:
    if not (job := os.fork()):
        live = tracking.Live(mine, place, after=0.0)
        live.epoch({"epoch": 1, "loss": 5 / 1 + 0.1 * mine.seed, "learning_rate": 0.1, "seconds": 7.0})
        live.close()
        os._exit(not all(tracking.send(run, place) for run in [mine, runs[0]]))
    jobs.append(job)
sys.exit(any(os.waitpid(job, 0)[1] for job in jobs))
"""


def test_eight_processes_on_a_fresh_project(tmp_path):
    """The database is made once; each sends its own run and all the same one."""
    plan = written(tmp_path, small(4))
    done = subprocess.run([sys.executable, "-c", EIGHT, str(tmp_path)], cwd=HERE, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    found, count = tracked(tmp_path)
    assert count == 8 and set(found) == {run.id for run in plan.runs}
    assert tracked(tmp_path, "method")[1] == 2
    keys = [point[:3] for point in points(tmp_path)]
    assert len(keys) == len(set(keys))
    assert tracking.sync(plan, tmp_path).present == 8
    assert tracking.MlflowRecords(plan, tmp_path).results(plan.runs) == Files(tmp_path).results(plan.runs)


def broken_file(root, monkeypatch):
    (root / "other.db").write_bytes(b"not a database, and long enough to be told apart from an empty one" * 20)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'other.db'}")


def broken_server(root, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", DEAD)


def broken_place(root, monkeypatch):
    (root / "mlflow.db").unlink()
    (root / "mlflow.db").mkdir()


@pytest.mark.parametrize("breaks", [broken_file, broken_server, broken_place])
def test_an_unusable_store_stops_nothing_and_is_filled_later(root, monkeypatch, caplog, breaks):
    plan = written(root, small(1))
    kept = (root / "mlflow.db").read_bytes()
    breaks(root, monkeypatch)
    live = tracking.Live(plan.runs[0], root, after=0.0)
    live.epoch({"epoch": 1, "loss": 1.0})
    live.close("failed")
    assert not any(tracking.send(run, root) for run in plan.runs)
    assert len(caplog.records) == 1 and "python -m pipeline track" in caplog.text
    uri = tracking.store_uri(root)
    with pytest.raises(UserError) as raised:
        tracking.sync(plan, root)
    assert uri in str(raised.value) and "\n" not in str(raised.value)

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if (root / "mlflow.db").is_dir():
        (root / "mlflow.db").rmdir()
    (root / "mlflow.db").write_bytes(kept)
    assert tracking.sync(plan, root).sent == len(plan.runs)
    assert tracked(root)[1] == len(plan.runs)


def test_a_locked_database_is_given_up(root, monkeypatch):
    plan = written(root, small(1))
    holder = sqlite3.connect(root / "mlflow.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert not tracking.send(plan.runs[0], root, seconds=0.2)
    holder.execute("ROLLBACK")
    holder.close()
    assert tracking.sync(plan, root).sent == len(plan.runs)


def test_live_points_and_the_files_are_one_history(root):
    """A run killed after two epochs and resumed from the first: no epoch appears twice."""
    run = written(root, small(1)).runs[0]
    rows = Files(root).history(run)
    result = (root / run.path / "result.json").read_text(encoding="utf-8")
    (root / run.path / "result.json").unlink()
    first = tracking.Live(run, root, after=0.0)
    first.next = 0.0
    for row in rows[:2]:
        first.epoch(row)
        first.next = 0.0
    found = tracked(root)[0][run.id]
    assert found.info.status == "RUNNING" and found.data.tags["status"] == "running"
    assert found.data.params["optimizer.name"] == "sgd"
    second = tracking.Live(run, root, after=0.0)
    for row in rows[1:]:
        second.epoch({**row, "seconds": 3.0})
        second.next = 0.0
    second.close()
    (root / run.path / "result.json").write_text(result, encoding="utf-8")
    assert tracking.send(run, root)
    losses = client(root).get_metric_history(found.info.run_id, "loss")
    assert [(p.step, p.value) for p in losses] == [(row["epoch"], row["loss"]) for row in rows]
    seconds = client(root).get_metric_history(found.info.run_id, "seconds")
    assert [(p.step, p.value) for p in seconds] == [(row["epoch"], row["seconds"]) for row in rows]
    assert tracked(root)[1] == 1


def test_a_short_run_never_imports_mlflow(tmp_path):
    code = f"""
import sys
from pipeline import files, tracking
from tests.kit.tracked import small
live = tracking.Live(small(1).runs[0], {str(tmp_path)!r})
live.epoch({{"epoch": 1, "loss": 1.0}})
live.close()
sys.exit("mlflow" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE).returncode == 0
    assert not list(tmp_path.iterdir())


def test_exhibits_are_replaced_not_doubled(root):
    plan = written(root, small(1))
    for name in ("tables/ssl.csv", "tables/ssl.md", "tables/ssl2.csv", "figures/ssl-curves.svg", "claims.csv"):
        (root / "results" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "results" / name).write_text(f"first {name}", encoding="utf-8")
    assert tracking.sync(plan, root).exhibits == 2
    assert tracking.sync(plan, root).exhibits == 0
    (root / "results/tables/ssl.csv").write_text("second", encoding="utf-8")
    (root / "results/figures/ssl-curves.svg").unlink()
    (root / "results/figures/ssl-bars.svg").write_text("bars", encoding="utf-8")
    assert tracking.sync(plan, root).exhibits == 1
    found, count = tracked(root, "exhibits")
    assert count == 1
    place = root / "mlartifacts/ssl" / found["exhibits:ssl"].info.run_id / "artifacts"
    held = {str(p.relative_to(place)): p.read_text(encoding="utf-8") for p in place.rglob("*") if p.is_file()}
    assert held == {"tables/ssl.csv": "second", "tables/ssl.md": "first tables/ssl.md", "figures/ssl-bars.svg": "bars"}
    found, count = tracked(root, "exhibits", "report")
    assert count == 1 and found["exhibits:report"].data.tags["recount.files"] == "claims.csv"


def test_exhibits_that_were_changed_since_they_were_made_are_not_sent(root):
    plan = written(root, small(1))
    exhibit = outputs.Exhibit("table-ssl", ("results/tables/ssl.csv",), "12" * 32)
    files.write_text(root / exhibit.files[0], "method,top1\nsimclr,50.0\n")
    with outputs.making(exhibit, root):
        pass
    assert tracking.sync(plan, root).exhibits == 1
    files.write_text(root / exhibit.files[0], "method,top1\nsimclr,90.0\n")
    with pytest.raises(UserError, match=r"ssl\.csv: changed since it was written; delete .*results/made/table-ssl"):
        tracking.sync(plan, root)


@pytest.mark.parametrize("content", [b"[]", b'{"source": 5}', b'{"source": {}}', b"\xff"])
def test_a_source_is_read_of_whole_manifests_alone(root, content):
    plan = written(root, small(1))
    for run in plan.runs:
        files.write_bytes(root / f"data/prepared/{run.dataset}/manifest.json", content)
    tracking.sync(plan, root)
    for run in plan.runs:
        (used,) = client(root).get_run(tracked(root)[0][run.id].info.run_id).inputs.dataset_inputs
        assert json.loads(used.dataset.source) == {"uri": f"data/prepared/{run.dataset}"}


def test_the_records_equal_the_files_also_when_they_are_gone(root):
    plan = written(root, small())
    tracking.sync(plan, root)
    files = Files(root)
    results = files.results(plan.runs)
    examples = {run.id: files.examples(run, features=True) for run in plan.runs}
    histories = {run.id: files.history(run) for run in plan.runs}
    assert any(examples.values()) and not all(examples.values())
    shutil.rmtree(root / "runs")
    records = tracking.MlflowRecords(plan, root)
    assert records.results(plan.runs[::-1]) == results[::-1]
    for run in plan.runs:
        arrays = records.examples(run, features=True)
        assert arrays.keys() == examples[run.id].keys()
        for name, array in arrays.items():
            assert array.dtype == examples[run.id][name].dtype
            np.testing.assert_array_equal(array, examples[run.id][name])
        assert records.history(run) == histories[run.id]
    absent = small(3).runs[-1]
    with pytest.raises(UserError, match=rf"{absent.path}.*python -m pipeline track"):
        records.results([absent])


def test_altered_artifacts_are_noticed(root):
    plan = written(root, small(1))
    tracking.sync(plan, root)
    run = plan.runs[0]
    place = root / "mlartifacts/ssl" / tracked(root)[0][run.id].info.run_id / "artifacts/result.json"
    place.write_text(place.read_text(encoding="utf-8").replace('"seed": 0', '"seed": 5'), encoding="utf-8")
    with pytest.raises(UserError, match="not the one that was sent"):
        tracking.MlflowRecords(plan, root).results([run])


def test_a_moved_project_keeps_its_artifacts(root, tmp_path_factory):
    plan = written(root, small(1))
    tracking.sync(plan, root)
    moved = tmp_path_factory.mktemp("elsewhere") / "project"
    expected = Files(root).results(plan.runs)
    shutil.move(root, moved)
    assert tracking.MlflowRecords(plan, moved).results(plan.runs) == expected
    assert tracking.sync(plan, moved).present == len(plan.runs)
    assert not root.exists()


def test_runs_no_longer_planned_are_marked(root):
    two, one = written(root, small(2)), small(1)
    tracking.sync(two, root)
    assert tracking.sync(one, root).retired == 2
    current = {run: tracked(root)[0][run.id].data.tags["recount.current"] for run in two.runs}
    assert {run.seed: value for run, value in current.items()} == {0: "true", 1: "false"}
    tracking.sync(kit.Plan(one.studies, one.runs, tier="gpu"), root)
    assert tracking.sync(two, root).retired == 0
    assert {run.data.tags["recount.current"] for run in tracked(root)[0].values()} == {"true"}


def test_unfinished_runs_are_counted_and_a_subset_can_be_sent(root):
    plan = written(root, small())
    (root / plan.runs[0].path / "result.json").unlink()
    summary = tracking.sync(plan, root, runs=plan.runs[:2])
    assert (summary.sent, summary.missing) == (1, 1)
    assert not tracking.send(plan.runs[0], root)
    assert tracked(root)[1] == 1


def test_the_shared_view_groups_seeds_and_shows_the_studys_metrics(root):
    plan = written(root, small(1))
    tracking.sync(plan, root)
    experiment = client(root).get_experiment_by_name("ssl")
    assert experiment.tags["mlflow.note.content"] == plan.studies["ssl"].title
    view = json.loads(experiment.tags["mlflow.sharedViewState.methods"])
    held = next(iter(tracked(root)[0].values())).data
    (key,) = view["groupBy"]["groupByKeys"]
    assert key["mode"] == "tag" and key["groupByData"] in held.tags
    assert view["orderByKey"] == "metrics.`linear_top1`" and view["orderByAsc"] is False
    assert [f"metrics.`{name}`" for name in plan.studies["ssl"].metrics] == view["selectedColumns"][:4]
    found = client(root).search_runs([experiment.experiment_id], view["searchFilter"])
    assert {run.data.tags["recount.id"] for run in found} == {run.id for run in plan.runs}
    # runs of another tier are current in their own plan, and would be averaged with these
    client(root).set_tag(found[0].info.run_id, "tier", "smoke")
    left = client(root).search_runs([experiment.experiment_id], view["searchFilter"])
    assert len(left) == len(found) - 1


def test_flattening_keeps_every_leaf():
    nested = {"a": {"b": {"c": 1}, "d": []}, "e": True, "f": "text", "g": "", "h": {}}
    flat = tracking.flatten(nested)
    assert flat == {"a.b.c": "1", "a.d": "[]", "e": "true", "f": "text", "g": '""', "h": "{}"}


def test_store_and_pages(tmp_path, monkeypatch):
    assert tracking.store_uri(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    command, environment = tracking.ui_command(tmp_path, 5123)
    assert command[command.index("--host") + 1] == "127.0.0.1" and "5123" in command
    assert environment["MLFLOW_BACKEND_STORE_URI"] == tracking.store_uri(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://example.org/mlflow")
    assert tracking.store_uri(tmp_path) == "https://example.org/mlflow"
    with pytest.raises(UserError, match=r"example\.org"):
        tracking.ui_command(tmp_path)
