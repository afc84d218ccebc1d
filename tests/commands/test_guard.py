"""What the machine refuses is one line and exit code 2; a programming error is a traceback."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.commands.guard import guarded
from pipeline.errors import UserError
from tests.kit import project


def raises(error: BaseException) -> int:
    def call() -> int:
        raise error

    return guarded(call)


def refusal(number: int, name: str | None = "runs/x") -> OSError:
    return OSError(number, os.strerror(number), name)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError("two\nlines"), "two lines"),
        (refusal(errno.ENOSPC), "runs/x: no space left on device; free some and run again"),
        (refusal(errno.ENOSPC, None), "no space left on device; free some"),
        (refusal(errno.EDQUOT), "runs/x: disk quota exceeded; free some"),
        (refusal(errno.EFBIG), "runs/x: file too large; raise the limit"),
        (refusal(errno.EACCES), "runs/x: permission denied; allow it"),
        (refusal(errno.EROFS), "runs/x: read-only file system; the project's folder"),
        (refusal(errno.EISDIR), "runs/x: is a directory; there must be a file"),
        (refusal(errno.ENOTDIR), "runs/x: not a directory; a file stands where"),
        (refusal(errno.EEXIST), "runs/x: file exists; something else stands"),
        (refusal(errno.EMFILE), "runs/x: too many open files; raise the limit"),
        (refusal(errno.ENAMETOOLONG), "runs/x: file name too long"),
        (refusal(errno.EIO), "runs/x: input/output error"),
        (OSError("100 requested and 0 written"), "100 requested and 0 written"),
        (MemoryError(), "out of memory; free some"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"), "out of memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), "out of memory; free some"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_what_a_person_can_mend_is_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, said: str
) -> None:
    assert raises(error) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"recount: {said}") and err.count("\n") == 1


def test_an_interruption_has_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert raises(KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [RuntimeError("x"), ZeroDivisionError(), KeyError("x"), ValueError("x"), TypeError()])
def test_a_programming_error_goes_through(error: Exception) -> None:
    with pytest.raises(type(error)):
        raises(error)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = project.make(tmp_path / "project")
    (folder / "pipeline").symlink_to(project.HERE / "pipeline")
    return folder


PIPELINE = f"{sys.executable} -m pipeline"


def shell(folder: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(command, cwd=folder, env=project.environment(**more), capture_output=True, encoding="utf-8")


@pytest.mark.parametrize("command", ["plan --json", "methods"])
def test_a_reader_that_goes_away_is_no_error(folder: Path, command: str) -> None:
    found = shell(folder, f"{PIPELINE} {command} | true; echo ${{PIPESTATUS[0]}}")
    assert found.stderr == ""
    assert found.stdout.strip() in ("0", "1", "141")  # 1 is click's


def test_an_output_that_is_full_is_one_line(folder: Path) -> None:
    found = shell(folder, f"{PIPELINE} plan --json > /dev/full")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1), found.stderr
    assert "no space left" in found.stderr


def test_letters_that_the_terminal_does_not_know_are_escaped(folder: Path) -> None:
    paper = next((folder / "papers").glob("*.yaml"))
    paper.write_text(
        paper.read_text(encoding="utf-8").replace(
            '"title": "', '"title": "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller '
        ),
        encoding="utf-8",
    )
    found = shell(folder, f"{PIPELINE} papers", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert found.returncode == 0, found.stderr


def test_files_that_cannot_be_written_are_one_line(folder: Path) -> None:
    (folder / "results").write_text("a file where a folder must be", encoding="utf-8")
    found = project.call(folder, "python", "-m", "pipeline", "plan", "--write")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1), found.stderr
    (folder / "results").unlink()
    (folder / "results/plan/datasets.json").mkdir(parents=True)
    found = project.call(folder, "python", "-m", "pipeline", "plan", "--write")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1), found.stderr
    assert "results/plan/datasets.json: is a directory" in found.stderr


@pytest.mark.parametrize("name", ["a:b", "a%41b", "a?b", "{a}", "a\nb"])
def test_a_path_that_a_library_cannot_read_is_refused_up_front(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(project.HERE / "Makefile", folder)
    found = shell(folder, "make reproduce")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1), found.stderr
    assert "recount: the project's path has what" in found.stderr
    assert not list(folder.glob(".*"))


def test_other_letters_of_a_path_are_no_matter(tmp_path: Path) -> None:
    folder = tmp_path / "-é #&$HOME;[1]*~=@,|<x>'\\\"日 "
    folder.mkdir()
    shutil.copy(project.HERE / "Makefile", folder)
    (folder / ".venv").mkdir()
    for name in ("requirements.lock", ".venv/.installed"):
        (folder / name).touch()
    found = shell(folder, "make -n reproduce")
    assert (found.returncode, found.stderr) == (0, "")
