"""An exhibit's stamp is there exactly while the exhibit is what its stamp says."""

from pathlib import Path

import pytest

from pipeline.exhibits import outputs
from pipeline.files import read_sealed


def exhibit(digest: str) -> outputs.Exhibit:
    return outputs.Exhibit("table-a", ("results/tables/a.csv",), digest * 64)


def stamps(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("results/made/table-a/*"))


def make(root: Path, digest: str) -> None:
    with outputs.making(exhibit(digest), root):
        assert stamps(root) == []
        (root / "results/tables").mkdir(parents=True, exist_ok=True)
        (root / "results/tables/a.csv").write_text(digest, encoding="utf-8")


def test_a_stamp_comes_last_and_takes_the_place_of_older_ones(tmp_path: Path) -> None:
    for digest in ("1", "2"):
        make(tmp_path, digest)
        assert stamps(tmp_path) == [f"{digest * 8}.json"]
    stamp = read_sealed(tmp_path / exhibit("2").outputs[-1], "2" * 64)
    assert list(stamp["files"]) == ["../../tables/a.csv"]
    with pytest.raises(OSError, match="full"), outputs.making(exhibit("3"), tmp_path):
        raise OSError("full")
    assert stamps(tmp_path) == []


def test_results_made_anew_take_the_stamps_away(tmp_path: Path) -> None:
    make(tmp_path, "1")
    outputs.spoil(outputs.FROM_TRAINING, "a", tmp_path)
    outputs.spoil(outputs.FROM_RESULTS, "b", tmp_path)
    assert stamps(tmp_path) == ["11111111.json"]
    outputs.spoil(outputs.FROM_RESULTS, "a", tmp_path)
    assert stamps(tmp_path) == []


def test_an_exhibit_is_sound_while_it_is_as_it_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exhibit = outputs.Exhibit("table-x", ("results/x.csv",), "0123456789")
    assert not outputs.sound(exhibit, tmp_path)
    with outputs.making(exhibit, tmp_path):
        (tmp_path / "results").mkdir(exist_ok=True)
        (tmp_path / "results/x.csv").write_text("1.5", encoding="utf-8")
    assert outputs.sound(exhibit, tmp_path) and capsys.readouterr().err == ""
    (tmp_path / "results/x.csv").write_text("2.5", encoding="utf-8")
    assert not outputs.sound(exhibit, tmp_path)
    assert capsys.readouterr().err == "recount: table-x: changed since it was written, and made again\n"
