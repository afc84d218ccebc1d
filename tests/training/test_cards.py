"""Cards are counted without torch and handed out by locks that end with their process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pipeline.errors import UserError
from pipeline.training import cards, device


@pytest.fixture(autouse=True)
def two_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose torch has CUDA and whose system folder shows two cards."""
    for name in ("0", "1"):
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / f"dev/nvidia{name}").touch()
    (tmp_path / "dev/nvidiactl").touch()
    monkeypatch.delenv(cards.VISIBLE, raising=False)
    monkeypatch.setattr(cards, "_torch_has_cuda", lambda: True)
    monkeypatch.setattr(cards, "FOLDER", tmp_path / "cards")
    monkeypatch.setattr(cards, "_held", {})
    return tmp_path


def test_cards_are_those_that_cuda_would_show(two_cards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cards.found(two_cards) == ["0", "1"]
    for told, names in (("1", ["1"]), ("", []), ("-1", []), ("2, GPU-ab", ["2", "GPU-ab"]), ("0,-1,1", ["0"])):
        monkeypatch.setenv(cards.VISIBLE, told)
        assert cards.found(two_cards) == names
    monkeypatch.setattr(cards, "_torch_has_cuda", lambda: False)
    assert cards.found(two_cards) == []


TAKE = """
import sys
from pathlib import Path
from pipeline.training import cards
cards.FOLDER, cards._torch_has_cuda = Path(sys.argv[1]), lambda: True
print(cards.take(), flush=True)
sys.stdin.read()
"""


def other(folder: Path) -> "subprocess.Popen[str]":
    """Another process that has taken a card and keeps it until its input ends."""
    command = [sys.executable, "-c", TAKE, str(folder / "cards")]
    environment = {**os.environ, cards.VISIBLE: "0,1"}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def test_processes_spread_over_cards_and_a_killed_one_gives_its_card_back(
    two_cards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cards.VISIBLE, "0,1")
    first, second = other(two_cards), other(two_cards)
    assert first.stdout and second.stdout
    assert sorted([first.stdout.readline(), second.stdout.readline()]) == ["0\n", "1\n"]
    assert sorted(path.name[-8:] for path in cards.FOLDER.iterdir()) == ["0-0.lock", "1-0.lock"]
    first.kill()
    first.wait()
    assert cards.take() == cards.take() == os.environ[cards.VISIBLE]
    assert sum(len(locks) for locks in cards._held.values()) == 1
    second.kill()
    second.wait()
    with cards.alone():
        (locks,) = cards._held.values()
        assert len(locks) == cards.SLOTS
    assert len(locks) == 1
    locks.pop().close()


def full(times: int) -> "list[str]":
    """Work that runs out of memory so often, and what it returns then."""
    calls: list[str] = []

    def work() -> str:
        calls.append("called")
        if len(calls) <= times:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB\nmore")
        return "done"

    device.retried(work, "runs/a/b/default-s0-0")
    return calls


def test_a_full_card_is_tried_once_more_and_then_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(full(0)) == 1
    assert len(full(1)) == 2
    assert "the card's memory is full; once more" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"^runs/a/b/default-s0-0: .* too little memory .* smaller batch_size$"):
        full(2)
    with pytest.raises(RuntimeError, match="shapes"):
        device.retried(lambda: (_ for _ in ()).throw(RuntimeError("shapes differ")), "x")


def test_fp32_on_a_card_is_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda on, warn_only: asked.append(on))
    try:
        device._be_exact()
        assert torch.backends.cudnn.conv.fp32_precision == torch.backends.cuda.matmul.fp32_precision == "ieee"
        assert asked == [True]
    finally:
        torch.backends.fp32_precision = "none"
