"""The doctor checks all that is there against its digests, and says what to do."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline import files, modalities
from pipeline.commands import doctor, entry
from pipeline.errors import UserError
from pipeline.exhibits import outputs
from pipeline.planning import data
from pipeline.planning import load as planning
from pipeline.planning.model import Run
from tests.kit import project


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with data, a training, its result and a table's stamp; no run is tracked."""
    folder = project.make(tmp_path_factory.mktemp("doctor") / "project", data=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("pipeline.tracking.send", lambda run, root: False)
        modalities.prepare("fashion_mnist", Path(), data.code("fashion_mnist"))
        for command in ("train", "evaluate"):
            assert entry.run([command, first().path]) == 0
    files.write_text(folder / "results/tables/x.csv", "a,b\n")
    files.write_sealed(
        folder / "results/made/table-x/abcdef01.json", {"id": "abcdef0123"}, [folder / "results/tables/x.csv"]
    )
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(project.copy(finished, tmp_path / "project"))
    return Path()


def first() -> Run:
    return planning.load(only="classification").study_runs("classification")[0]


def examined(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], str]:
    capsys.readouterr()
    code = entry.run(["doctor"])
    said = capsys.readouterr()
    assert said.err == ""
    return code, [line[13:] for line in said.out.splitlines() if line.startswith("wrong ")], said.out


def test_a_sound_project_has_nothing_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, wrong, said = examined(capsys)
    assert (code, wrong) == (0, [])
    # 3 of training, 4 of the result, the table and its stamp, a data set's manifest and arrays
    assert "14 files checked" in said
    assert "fashion_mnist: prepared" in said and "tracking     sqlite:///" in said


def everything() -> list[str]:
    return ["trained/*/*/*/*", "runs/*/*/*/*", "results/tables/*", "results/made/*/*", "data/prepared/*/*"]


def test_every_damaged_file_is_named_with_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = sorted(
        path for pattern in everything() for path in folder.glob(pattern) if path.suffix not in ("", ".lock")
    )
    assert len(found) == 14
    for path in found:
        good = path.read_bytes()
        path.unlink()  # and not its other names
        path.write_bytes(good[:-2] + bytes([good[-2] ^ 1]) + good[-1:])
        code, wrong, _ = examined(capsys)
        assert code == 1 and len(wrong) == 1, (path, wrong)
        assert wrong[0].startswith(f"{path}: changed since it was written; ")
        assert "delete" in wrong[0] or "prepare" in wrong[0]
        path.write_bytes(good)
    assert examined(capsys)[0] == 0


def test_what_is_missing_or_anothers_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = first()
    other = Path(run.path).with_name("default-s7-00000000")
    shutil.copytree(run.path, other)
    (Path(run.trained) / "history.jsonl").unlink()
    (folder / "results/tables/x.csv").unlink()
    (manifest,) = folder.glob("data/prepared/*/manifest.json")
    foreign = folder / "results/made/table-x/12121212.json"
    foreign.write_bytes(manifest.read_bytes())
    code, wrong, _ = examined(capsys)
    assert code == 1
    assert [line.split(";")[0] for line in wrong] == [
        f"{run.trained}/history.jsonl: missing",
        f"{other}/result.json: id '{run.id}' is another's",
        f"{foreign}: id 'None' is another's",
        "results/tables/x.csv: missing",
    ]


def test_what_may_not_be_read_is_not_passed_over(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.scandir

    def denied(path: Any = ".") -> Any:
        if str(path) == "trained":
            raise PermissionError(13, "Permission denied", "trained")
        return plain(path)

    monkeypatch.setattr(os, "scandir", denied)
    code, wrong, _ = examined(capsys)
    assert code == 1
    assert len(wrong) == 1 and wrong[0].startswith("trained: permission denied; allow it")


def test_all_that_is_wrong_is_said_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mlflow.db").write_bytes(b"no database" * 1000)
    project.edit(Path("params.yaml"), tier="smok")
    (result,) = Path().glob("runs/*/*/*/result.json")
    result.write_text("[]", encoding="utf-8")
    code, wrong, said = examined(capsys)
    assert code == 1 and len(wrong) == 3, said
    assert "unknown tier 'smok'" in wrong[0] and wrong[1].startswith(f"{result}: changed")


def test_a_file_with_two_names_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("model.safetensors", "history.jsonl"):
        files.link(Path(first().trained) / name, Path(first().path) / name)  # which copying the project has undone
    read: list[Any] = []
    plain = files.sha256
    monkeypatch.setattr(files, "sha256", lambda path: read.append(path) or plain(path))
    found = doctor.check(folder, {})
    assert found.wrong == []
    shared = [path for path in read if path.name in ("model.safetensors", "history.jsonl")]
    assert len(shared) == 2


def test_an_exhibit_is_verified_before_it_is_read(folder: Path) -> None:
    exhibit = outputs.Exhibit("table-y", ("results/tables/x.csv",), "12" * 32)
    with pytest.raises(UserError, match=r"results/made/table-y/12121212.json: missing"):
        outputs.verify(exhibit, folder)
    with outputs.making(exhibit, folder):
        pass
    outputs.verify(exhibit, folder)
    Path("results/tables/x.csv").write_text("a,c\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"x.csv: changed since it was written; delete results/made/table-y, then"):
        outputs.verify(exhibit, folder)
