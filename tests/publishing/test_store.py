"""Files of published results: what was written is read, and what was changed since is one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.files import write_sealed
from pipeline.publishing import store
from pipeline.publishing.store import Table
from tests.kit import published as kit

FOLDER = Path("published/study")


def table(*lines: dict[str, str]) -> Table:
    return list(lines[0]), [list(line.values()) for line in lines]


CLAIM = {"paper": "p", "claim": "c", "verdict": "supported", "asked": "a", "answered": "b"}
SHOWN = {"variant": "default", "method": "plain", "metric": "top1", "mean": "50.000000"}
AGAIN = {"paper": "p", "claim": "c", "verdict": "supported", "again": "contradicted", "answered": "b"}


def tables(*runs: dict[str, str]) -> dict[str, Table]:
    return {
        store.RUNS: table(*(runs or (kit.line(0, top1="50.000000", nll=""), kit.line(1, top1="51.5", nll="0.25")))),
        store.TABLE: table(SHOWN),
        store.CLAIMS: table(CLAIM),
        store.PHENOMENA: (["phenomenon", "holds"], []),
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    store.write("study", "laptop", tables(), tmp_path)
    return tmp_path


def found(root: Path) -> store.Published:
    published = store.read("study", root)
    assert published is not None
    return published


def test_what_is_written_is_read(root: Path) -> None:
    published = found(root)
    assert (published.study, published.tier) == ("study", "laptop")
    first, second = published.runs
    assert (first.id, first.seed, first.path) == ("plain-0", 0, "published/study/runs.csv")
    assert (first.metrics, second.metrics) == ({"top1": 50.0}, {"top1": 51.5, "nll": 0.25})
    assert second.result["status"] == "ok" and second.result["seconds"] == {"train": 2.0, "evaluate": 1.0}
    assert published.by_id["plain-1"] == second and published.cells == {("default", "plain"): [first, second]}
    assert published.table["default", "plain"]["top1"]["mean"] == "50.000000"
    assert (published.claims, published.phenomena) == ({("p", "c"): CLAIM}, {})
    assert store.read("other", root) is None


def test_the_seal_is_that_of_the_content(root: Path) -> None:
    seal = found(root).seal
    store.write("study", "laptop", tables(), root)
    assert found(root).seal == seal
    store.write("study", "laptop", tables(kit.line(0, top1="50.000001")), root)
    assert found(root).seal != seal


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def forge(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"51.5", b"61.5").replace(b"supported", b"discarded"))


def invent(path: Path) -> None:
    path.write_text('{"files": {"runs.csv": {}}, "study": "study", "tier": "laptop"}', encoding="utf-8")


HARMS: list[tuple[str, Callable[[Path], None], str]] = [
    ("runs.csv", cut, "changed since it was written"),
    ("runs.csv", forge, "changed since it was written"),
    ("claims.csv", forge, "changed since it was written"),
    ("phenomena.csv", Path.unlink, "missing"),
    ("published.json", cut, "changed since it was written"),
    ("published.json", invent, "changed since it was written"),
    ("published.json", Path.unlink, "missing"),
]


@pytest.mark.parametrize(("name", "harm", "told"), HARMS, ids=[f"{name}-{harm.__name__}" for name, harm, _ in HARMS])
def test_what_was_changed_is_one_line_with_a_remedy(
    root: Path, name: str, harm: Callable[[Path], None], told: str
) -> None:
    assert found(root)  # what was read before does not hide it
    harm(root / FOLDER / name)
    with pytest.raises(UserError) as caught:
        store.read("study", root)
    line = str(caught.value)
    assert line.startswith(f"{root / FOLDER / name}: {told}; ") and len(line.splitlines()) == 1
    assert f"`git checkout {root / FOLDER}` brings it back" in line
    assert "`python -m pipeline publish study` writes it anew" in line


@pytest.mark.parametrize(("lost", "told"), [("claims", "'claims'"), ("seed", "'seed'"), ("number", "'many'")])
def test_sealed_files_that_are_no_published_result_are_one_line(tmp_path: Path, lost: str, told: str) -> None:
    """Those of another version of the program, say."""
    line = kit.line(0, top1="many" if lost == "number" else "50")
    written = tables({name: value for name, value in line.items() if name != lost})
    store.write("study", "laptop", {name: each for name, each in written.items() if name != lost}, tmp_path)
    with pytest.raises(UserError, match=f"published.json: not a published result .*{told}.*publish study") as caught:
        store.read("study", tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_seal_without_files_is_no_published_result(root: Path) -> None:
    write_sealed(root / FOLDER / "published.json", {"study": "study", "tier": "laptop"})
    with pytest.raises(UserError, match=r"published.json: not a published result"):
        store.read("study", root)


def test_other_files_stay_while_something_vouches_for_them(root: Path) -> None:
    store.write("study", "laptop", {store.REPLICATION: table(AGAIN)}, root)
    (root / FOLDER / "notes.csv").write_text("a\n", encoding="utf-8")
    store.write("study", "laptop", tables(), root)
    assert found(root).replication == [AGAIN] and "notes" not in found(root).files
    # a seal must not be had by writing anew what lies beside a forged file
    forge(root / FOLDER / "replication.csv")
    store.write("study", "laptop", tables(), root)
    assert found(root).replication == [] and not (root / FOLDER / "replication.csv").exists()
    store.write("study", "laptop", {store.REPLICATION: table(AGAIN)}, root)
    store.write("study", "gpu", tables(), root)
    assert not (root / FOLDER / "replication.csv").exists()


@pytest.mark.parametrize("changes", [{"answered": "other"}, {"verdict": "inconclusive"}, {"claim": "other"}])
def test_a_verdict_that_is_no_longer_the_published_one_was_not_replicated(root: Path, changes: dict[str, str]) -> None:
    store.write("study", "laptop", {store.REPLICATION: table(AGAIN)}, root)
    assert found(root).replication == [AGAIN]
    store.write("study", "laptop", {store.CLAIMS: table(CLAIM | changes)}, root)
    assert found(root).replication == []
