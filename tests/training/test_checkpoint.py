"""Checkpoints: what is saved comes back bit for bit, what is damaged is said in one line."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pipeline.errors import UserError
from pipeline.training import checkpoint


def tree() -> dict[str, Any]:
    torch.manual_seed(0)
    wide, kernel = torch.randn(6, 5), torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    small = torch.arange(5, dtype=torch.uint8)
    return {
        "method": {"encoder.weight": kernel, "scalar": torch.tensor(7)},
        "halves": [wide.to(torch.bfloat16), {"part": wide[::2, 1:4], "turned": wide.T}],
        "flags": {"mask": torch.tensor([True, False]), "bytes": small, "empty": torch.zeros(0, 3)},
        "rows": [{"epoch": 1, "loss": 0.1 + 0.2, "none": None}, {"epoch": 2, "loss": 1e-300, "none": False}],
        "text": "a \n line",
        "nothing": {},
        "last": [],
    }


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_a_nested_tree_comes_back_bit_for_bit(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.safetensors", tree())
    assert same(checkpoint.load(tmp_path / "a.safetensors"), tree())


def test_tensors_that_share_memory_are_kept_apart(tmp_path: Path) -> None:
    weight = torch.arange(6.0)
    checkpoint.save(tmp_path / "a.safetensors", {"one": weight, "other": weight[:3], "tied": weight})
    found = checkpoint.load(tmp_path / "a.safetensors")
    assert torch.equal(found["other"], weight[:3])
    found["one"].zero_()
    assert torch.equal(found["tied"], weight)


@pytest.mark.parametrize("make", [torch.optim.AdamW, torch.optim.SGD])
def test_an_optimisers_state_comes_back(tmp_path: Path, make: Any) -> None:
    weight = nn.Parameter(torch.ones(2, 2))
    optimizer = make([weight], lr=0.1, **({"momentum": 0.9} if make is torch.optim.SGD else {}))
    weight.grad = torch.randn(2, 2)
    optimizer.step()
    checkpoint.save(tmp_path / "a.safetensors", {"optimizer": optimizer.state_dict()})
    found = checkpoint.load(tmp_path / "a.safetensors")["optimizer"]
    found["state"] = {int(key): value for key, value in found["state"].items()}
    fresh = make([nn.Parameter(torch.ones(2, 2))], lr=0.5)
    fresh.load_state_dict(found)
    assert fresh.param_groups[0]["lr"] == 0.1
    for name, value in optimizer.state[weight].items():
        assert torch.equal(fresh.state[fresh.param_groups[0]["params"][0]][name], value)


def damaged(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "header":
        path.write_bytes(b"\xff" * 64 + content[64:])
    elif how == "text":
        path.write_text("not a checkpoint", encoding="utf-8")
    elif how == "foreign":
        save_file({"weight": torch.ones(2)}, path)
    elif how == "tree":
        save_file({"weight": torch.ones(2)}, path, metadata={"tree": "{"})
    elif how == "lost tensor":
        save_file({}, path, metadata={"tree": json.dumps({"weight": "\0tensorweight"})})
    elif how == "missing":
        path.unlink()
    elif how == "folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize(
    "how", ["empty", "truncated", "header", "text", "foreign", "tree", "lost tensor", "missing", "folder"]
)
def test_a_damaged_file_is_one_line_that_names_it(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a.safetensors"
    checkpoint.save(path, tree())
    damaged(path, how)
    with pytest.raises(UserError) as caught:
        checkpoint.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    said = "missing" if how == "missing" else "changed" if how in ("tree", "lost tensor") else "corrupt"
    assert said in message


def test_weights_are_restored_only_where_they_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    source, target = nn.Linear(3, 2), nn.Linear(3, 2)
    checkpoint.restore(target, source.state_dict(), path)
    assert torch.equal(target.weight, source.weight)
    for state, named in (
        (nn.Linear(3, 4).state_dict(), "size mismatch"),
        ({"weight": source.weight}, "key 'bias'"),
        ({**source.state_dict(), "more": torch.ones(1)}, "key 'more'"),
    ):
        with pytest.raises(UserError) as caught:
            checkpoint.restore(target, state, path)
        assert str(caught.value).startswith(f"{path}: does not fit the model")
        assert named in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1


def test_what_only_training_needs_may_be_missing_and_nothing_else(tmp_path: Path) -> None:
    model = nn.ModuleDict({"encoder": nn.Linear(2, 2), "projector": nn.Linear(2, 2)})
    state = {name: value for name, value in model.state_dict().items() if name.startswith("encoder")}
    checkpoint.restore(model, state, tmp_path / "a", partly=("projector",))
    with pytest.raises(UserError, match="key 'projector"):
        checkpoint.restore(model, state, tmp_path / "a")
    with pytest.raises(UserError, match="key 'encoder"):
        checkpoint.restore(model, {}, tmp_path / "a", partly=("projector",))


@pytest.mark.parametrize("before", [False, True])
def test_a_failed_write_leaves_what_was_there_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    path = tmp_path / "a.safetensors"
    if before:
        checkpoint.save(path, {"weight": torch.ones(1)})

    write = Path.write_bytes

    def full(file: Path, content: bytes) -> None:
        write(file, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, {"weight": torch.zeros(1)})
    monkeypatch.undo()
    assert [entry.name for entry in tmp_path.iterdir()] == (["a.safetensors"] if before else [])
    if before:
        assert torch.equal(checkpoint.load(path)["weight"], torch.ones(1))


def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    checkpoint.save(path, {"weight": torch.arange(4.0), "rows": [{"loss": 0.5}]})
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(UserError, match=r"a.safetensors: (changed|corrupt)"):
            checkpoint.load(path)


def test_a_header_that_claims_more_than_there_is_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    huge = {"w": {"dtype": "F32", "shape": [2**40, 2**20], "data_offsets": [0, 2**62]}}
    deep = {"__metadata__": {"tree": "0" * 64 + "[" * 100_000}}
    for header in (json.dumps(huge), json.dumps(deep), "{" * 1000):
        for length in (len(header), 2**63, 2**40):
            path.write_bytes(length.to_bytes(8, "little") + header.encode())
            with pytest.raises(UserError, match=r"a.safetensors: (changed|corrupt)"):
                checkpoint.load(path)


@pytest.mark.parametrize("how", ["empty", "truncated", "header", "changed", "another's", "foreign"])
def test_a_checkpoint_that_cannot_be_used_is_a_warning_and_training_starts_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    kept = checkpoint.Kept(tmp_path / "a.safetensors", "mine")
    assert kept.load() is None and capsys.readouterr().err == ""
    kept.save(tree())
    assert same({k: v for k, v in (kept.load() or {}).items() if k != "id"}, tree())
    if how == "changed":
        content = kept.path.read_bytes()
        kept.path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "another's":
        checkpoint.Kept(kept.path, "yours").save(tree())
    else:
        damaged(kept.path, how)
    assert kept.load() is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {kept.path}: ") and line.endswith("; training starts over")
