"""Files are there whole or not at all, and what was changed since it was written is noticed."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.yaml_files import yaml_files

RECORD = {"id": "a1", "status": "ok", "metrics": {"top1": 12.5}, "note": 'a "seal": "x" of\n "seal": "y"'}


def test_json_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep/er.json"
    files.write_json(path, {"b": 1, "a": 0.1})
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["a", "b"]
    with pytest.raises(ValueError, match="Out of range"):
        files.write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": 0.1, "b": 1}
    assert [entry.name for entry in path.parent.iterdir()] == ["er.json"]


def test_what_is_being_written_is_not_yet_there(tmp_path: Path) -> None:
    files.write_json(tmp_path / "b.json", {})
    files.write_json(tmp_path / "a.json", {})
    with files.whole(tmp_path / "c.json") as temporary:
        assert temporary.suffix == ".json"
        assert [path.name for path in files.written(tmp_path, "*.json")] == ["a.json", "b.json"]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/part").write_bytes(b"content")
    (tmp_path / "far").write_bytes(b"away")
    path = tmp_path / "set/last.json"
    files.write_sealed(path, RECORD, [tmp_path / "set/part", tmp_path / "far"])
    return path


def test_what_was_sealed_comes_back(sealed: Path) -> None:
    found = files.read_sealed(sealed, "a1")
    assert {name: found[name] for name in RECORD} == RECORD
    assert found.keys() - RECORD.keys() == {"files", "seal"}
    assert set(found["files"]) == {"part", "../far"}
    assert [files.part(sealed, found, name) for name in ("part", "../far")] == [
        sealed.with_name("part"),
        sealed.parents[1] / "far",
    ]
    assert files.sound(sealed, "a1") and not files.sound(sealed, "b2")
    assert files.write_sealed(sealed, found) == found
    assert files.read_sealed(sealed) == found


def test_every_changed_byte_of_a_sealed_file_is_noticed(sealed: Path) -> None:
    content = sealed.read_bytes()
    for place in range(len(content)):
        for bit in (1, 32):
            sealed.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
            with pytest.raises(UserError, match=r"last.json: changed since it was written; delete .*/set, then"):
                files.read_sealed(sealed)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"1", b"null", b"\xff\xfe", b'{"id": "a1"}', b"[" * 10**6])
def test_what_was_never_sealed_is_refused_in_one_line(sealed: Path, content: bytes) -> None:
    sealed.write_bytes(content)
    with pytest.raises(UserError, match="changed since it was written") as caught:
        files.read_sealed(sealed)
    assert len(str(caught.value).splitlines()) == 1
    assert not files.sound(sealed, "a1")


@pytest.mark.parametrize("how", ["missing", "cut", "changed", "exchanged"])
def test_a_part_that_is_not_as_it_was_is_named(sealed: Path, how: str) -> None:
    part = sealed.with_name("part")
    change: dict[str, Any] = {"cut": b"cont", "changed": b"Content", "exchanged": b"away"}
    part.unlink()
    if how in change:
        part.write_bytes(change[how])
    record = files.read_sealed(sealed)
    said = "missing" if how == "missing" else "changed since it was written"
    with pytest.raises(UserError, match=rf"/set/part: {said}; delete .*/set, then `snakemake"):
        files.part(sealed, record, "part")
    assert not files.sound(sealed, "a1")
    with pytest.raises(UserError, match="changed since it was written; send it again"):
        files.part(sealed, {}, "../far", remedy="send it again")


def test_arrays_are_numpys_and_say_why_they_could_not_be_written(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(24.0).reshape(4, 6))
    files.write_array(tmp_path / "a.npy", array)
    np.save(tmp_path / "b.npy", array)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root all may be read: the refusal is made up."""
    for name in ("b/2.yaml", "b/1.yaml", "b/1.txt", "a/1.yaml", "c"):
        files.write_text(tmp_path / name, "")
    assert files.matching(tmp_path, "*/*.yaml") == sorted(tmp_path.glob("*/*.yaml"))
    assert files.matching(tmp_path / "nowhere", "*") == files.matching(tmp_path, "c/*") == []
    plain = os.scandir

    def denied(path: Path) -> Any:
        if path == tmp_path / "b":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(os, "scandir", denied)
    assert files.matching(tmp_path / "a", "*") == [tmp_path / "a/1.yaml"]
    with pytest.raises(PermissionError):
        files.matching(tmp_path, "*/*.yaml")
    with pytest.raises(PermissionError):
        yaml_files(tmp_path / "b")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_keeps_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *mode: plain(Path("/dev/full"), *mode))
    with pytest.raises(OSError) as caught:
        files.write_array(tmp_path / "a.npy", np.zeros(100_000))
    assert caught.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())
