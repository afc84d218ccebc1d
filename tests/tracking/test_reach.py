"""A store that does not answer costs a call a few seconds once, and no message holds a credential."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline import tracking
from pipeline.errors import UserError
from pipeline.tracking import reach, store
from tests.kit import exhibits as kit
from tests.kit.tracked import small

SECRET = "hun/ter@2#x"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "http_proxy", "HTTP_PROXY", reach.CALL):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(reach, "_given_up", set())


class Server:
    """Takes connections and counts them; says `answer` to each, or nothing."""

    def __init__(self, answer: bytes = b"") -> None:
        self.socket, self.answer, self.calls, self.links = socket.create_server(("127.0.0.1", 0)), answer, 0, []
        self.uri = f"http://bob:{quote(SECRET, safe='')}@127.0.0.1:{self.socket.getsockname()[1]}/path"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            self.links.append(link)
            link.sendall(self.answer)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    yield server
    server.socket.close()


def next_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job knows that another one does not: nothing."""
    monkeypatch.setattr(reach, "_given_up", set())


def test_a_server_that_hangs_is_asked_once_a_call_and_said_once(
    tmp_path: Path, hanging: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plan = small()
    kit.write(tmp_path, plan)
    for call in ("first", "second"):
        monkeypatch.setenv(reach.CALL, call)
        for run in plan.runs:
            next_job(monkeypatch)
            assert not tracking.send(run, tmp_path, seconds=0.1)
            live = tracking.Live(run, tmp_path, after=0.0)
            live.epoch({"epoch": 1, "loss": 1.0})
    assert hanging.calls == len(caplog.records) == 2
    assert len(list((tmp_path / ".recount").glob("unreachable-*"))) == 1
    # the next call does not know of it, and `track` always tries
    for seconds in (0.1, 10.0):
        monkeypatch.setattr(reach, "check", lambda uri, _, check=reach.check, wait=seconds: check(uri, min(wait, 0.1)))
        with pytest.raises(UserError, match="timed out"):
            tracking.sync(plan, tmp_path)


def test_nobody_waits_for_a_server_while_he_holds_the_lock(
    tmp_path: Path, hanging: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.write(tmp_path, small(1))
    monkeypatch.setattr("pipeline.tracking.runs.lock", lambda *_: pytest.fail("it does not answer"))
    assert not tracking.send(small(1).runs[0], tmp_path, seconds=0.1)


@pytest.mark.parametrize("status", [b"200 OK", b"401 Unauthorized", b"404 Not Found", b"503 Busy"])
def test_any_answer_is_one_and_no_credential_is_asked_with(status: bytes) -> None:
    server = Server(b"HTTP/1.0 " + status + b"\r\nContent-Length: 0\r\n\r\n")
    reach.check(server.uri, 5.0)
    asked = server.links[0].recv(10_000)
    assert asked.startswith(b"GET /path/health ") and b"bob" not in asked and b"uthorization" not in asked
    server.socket.close()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "postgresql+psycopg2://u:p@127.0.0.1:9/x", "http://127.0.0.1:x"])
def test_where_nobody_listens_it_is_known_at_once(uri: str) -> None:
    with pytest.raises(reach.UnreachableError):
        reach.check(uri, 5.0)


ADDRESSES = [
    f"http://bob:{SECRET}@127.0.0.1:9/x",
    f"postgresql+psycopg2://bob:{SECRET}@127.0.0.1:9/db?sslpassword={SECRET}",
    f"http://{SECRET}@127.0.0.1:9",
    f"mysql://bob:a {SECRET}@127.0.0.1:9/db",
    f"sqlite:////proc/nowhere/x.db?key={SECRET}",
    f"nonsense://bob:{SECRET}@127.0.0.1:9",
]


@pytest.mark.parametrize("uri", ADDRESSES)
def test_no_message_and_no_file_holds_a_credential(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    uri: str,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", SECRET)
    monkeypatch.setenv(reach.CALL, "call")
    plan = small(1)
    kit.write(tmp_path, plan)
    assert not tracking.send(plan.runs[0], tmp_path)
    said = [tracking.shown_uri(tmp_path), str(tracking.trouble(tmp_path))]
    for refused in (
        lambda: tracking.sync(plan, tmp_path),
        lambda: tracking.ui_command(tmp_path),
        lambda: tracking.MlflowRecords(plan, tmp_path).results(plan.runs),
    ):
        with pytest.raises(UserError) as raised:
            refused()
        said.append(str(raised.value))
    said += [*capsys.readouterr(), caplog.text]
    said += [path.read_text(encoding="latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in said if SECRET in text or "ter@2" in text]


def test_the_pages_are_not_started_with_an_address_that_others_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"postgresql+psycopg2://bob:{SECRET}@127.0.0.1/db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr(store, "answering", lambda *_: None)
    monkeypatch.setattr(store, "opened", lambda *_: None)
    command, environment = tracking.ui_command(tmp_path)
    assert not [word for word in command if SECRET in word]
    assert environment["MLFLOW_BACKEND_STORE_URI"] == uri
