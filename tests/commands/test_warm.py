"""The warm process: a job behaves as if the caller ran it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit import project

COMMAND = ("python", "-m", "pipeline", "train")
JOBS = '''
import os, sys, time
from pathlib import Path

def run(arguments):
    """Stands in for the jobs."""
    what = arguments[1]
    print(f"job {os.getpid()} {what} in {ascii(Path.cwd().name)[1:-1]}, {os.environ.get('WORD', '')}", flush=True)
    print("xmlrpc.client" in sys.modules, file=sys.stderr)
    if what == "fail":
        return 2
    if what == "crash":
        raise RuntimeError("went wrong at postgresql://bob:secret@host")
    if what == "sleep":
        Path("pid").write_text(str(os.getpid()))
        time.sleep(60)
    return 0
'''


def make(folder: Path, idle_seconds: int = 3) -> Path:
    """A package with the real warm process and a stand-in for the jobs."""
    (folder / "pipeline/commands").mkdir(parents=True)
    names = ("__init__", "entry", "guard", "warm", "warm_server")
    for name in ("__init__.py", "__main__.py", "errors.py", *(f"commands/{each}.py" for each in names)):
        (folder / "pipeline" / name).write_bytes((project.HERE / "pipeline" / name).read_bytes())
    server = folder / "pipeline/commands/warm_server.py"
    # nothing but the standard library, so that it starts at once
    project.substitute(server, "\nif __name__", '\nPRELOAD = ("xmlrpc.client",)\n\nif __name__')
    project.substitute(server, "IDLE_SECONDS = 20.0", f"IDLE_SECONDS = {idle_seconds}")
    (folder / "pipeline/commands/jobs.py").write_text(JOBS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its warm process does not end by itself between two calls of a test, however busy the machine."""
    folder = make(tmp_path_factory.mktemp("warm") / "project", idle_seconds=600)
    yield folder
    for server in servers(folder):
        os.kill(server, signal.SIGTERM)


def call(folder: Path, what: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return project.call(folder, *COMMAND, what, RECOUNT_WARM="1", **more)


def servers(folder: Path) -> list[int]:
    """Warm processes of the folder; their jobs, which have the same words, are children of theirs."""
    found: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"pipeline.commands.warm_server" in words and (process / "cwd").resolve() == folder.resolve():
                found[int(process.name)] = int(
                    (process / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1]
                )
        except OSError:
            continue
    return [process for process, parent in found.items() if parent not in found]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_output_environment_folder_and_exit_code_are_the_callers(folder: Path) -> None:
    good = call(folder, "good", WORD="hello")
    assert good.returncode == 0
    job, rest = good.stdout.split(" ", 2)[1:]
    assert rest == "good in project, hello\n"
    (server,) = servers(folder)
    assert int(job) != server
    assert good.stderr == "True\n"  # what is preloaded was there before the job began
    failed = call(folder, "fail")
    assert (failed.returncode, failed.stdout.split(" ", 2)[2]) == (2, "fail in project, \n")
    assert servers(folder) == [server]


@pytest.mark.parametrize("more", [{}, {"SLURM_JOB_ID": "1"}], ids=["warm", "ordinary"])
def test_what_goes_wrong_in_a_job_is_told_by_it(folder: Path, more: dict[str, str]) -> None:
    crashed = call(folder, "crash", **more)
    assert crashed.returncode == 1
    assert "RuntimeError: went wrong at postgresql://***@host" in crashed.stderr and "secret" not in crashed.stderr
    assert call(folder, "good").returncode == 0


def test_sources_edited_between_jobs_are_seen(folder: Path) -> None:
    assert "job" in call(folder, "good").stdout
    (folder / "pipeline/commands/jobs.py").write_text(JOBS.replace('f"job ', 'f"edited job '), encoding="utf-8")
    assert "edited job" in call(folder, "good").stdout
    (folder / "pipeline/commands/jobs.py").write_text(JOBS, encoding="utf-8")


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


@pytest.mark.parametrize("whom", ["client", "server"])
def test_no_job_outlives_its_caller_or_the_warm_process(folder: Path, whom: str) -> None:
    (folder / "pid").unlink(missing_ok=True)
    environment = project.environment(RECOUNT_WARM="1")
    command = ["python", *COMMAND[1:], "sleep"]
    client = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: (folder / "pid").exists() and (folder / "pid").read_text(encoding="utf-8"))
    job = int((folder / "pid").read_text(encoding="utf-8"))
    assert job not in (client.pid, *servers(folder))
    victims = [client.pid] if whom == "client" else servers(folder)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    client.communicate()
    assert client.returncode == (-signal.SIGKILL if whom == "client" else 1)
    until(lambda: not alive(job))
    assert call(folder, "good").returncode == 0


def test_jobs_run_side_by_side(folder: Path) -> None:
    call(folder, "good")
    environment = project.environment(RECOUNT_WARM="1")
    command = ["python", *COMMAND[1:], "good"]
    several = [subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate()[0] for process in several]
    assert [process.returncode for process in several] == [0] * 4
    assert len({text.split()[1] for text in said}) == 4


def test_it_ends_by_itself_and_the_next_call_starts_another(tmp_path: Path) -> None:
    folder = make(tmp_path / "project")
    call(folder, "good")
    (server,) = servers(folder)
    until(lambda: not alive(server))
    assert call(folder, "good").returncode == 0
    assert servers(folder) not in ([], [server])


@pytest.mark.parametrize("how", ["SLURM_JOB_ID", "another user", "no name"])
def test_where_it_is_not_to_be_had_the_job_runs_in_the_callers_process(folder: Path, how: str) -> None:
    call(folder, "good")
    patch = {"another user": "warm.peer = lambda link: -1", "no name": "warm.address = lambda: 200 * 'x'"}.get(how, "")
    found = project.call(folder, "python", "-c", CLIENT.format(patch), **({how: "1"} if not patch else {}))
    assert (found.returncode, found.stdout) == (0, "None\n"), found.stderr


CLIENT = "from pipeline.commands import warm\n{}\nprint(warm.delegate(['train', 'good']))"


@pytest.mark.parametrize("name", ["plain", "long " * 45, "a b'\"$&;#%?:é\n\udcff "])
def test_names_of_folders_do_not_matter(tmp_path: Path, name: str) -> None:
    place = make(tmp_path / name)
    (place / "temporary").mkdir()
    for more in ({"TMPDIR": str(place / "temporary")}, {"TMPDIR": "/proc/nowhere", "HOME": "/proc/nowhere"}):
        found = call(place, "good", **more)
        assert (found.returncode, found.stderr) == (0, "True\n")
    assert not list((place / "temporary").iterdir())


def test_one_that_cannot_start_is_noticed_at_once_and_not_tried_again(tmp_path: Path) -> None:
    place = make(tmp_path / "project")
    server = place / "pipeline/commands/warm_server.py"
    project.substitute(server, "import ctypes", "open('tries', 'a').write('x'); raise SystemExit(3)\nimport ctypes")
    environment = project.environment(RECOUNT_WARM="1")
    command = ["python", *COMMAND[1:], "good"]
    several = [subprocess.Popen(command, cwd=place, env=environment, stderr=subprocess.PIPE) for _ in range(6)]
    assert [process.communicate()[1] for process in several] == [b"False\n"] * 6
    tries = (place / "tries").read_text(encoding="utf-8")
    assert call(place, "good").stderr == "False\n"
    assert (place / "tries").read_text(encoding="utf-8") == tries
    (noted,) = (place / ".recount").iterdir()
    os.utime(noted, (0, 0))
    assert call(place, "good").stderr == "False\n"
    assert (place / "tries").read_text(encoding="utf-8") == tries + "x"


SILENT = """
import json, os, socket, time
from pathlib import Path
from pipeline.commands import warm

links = []
for what in (b"", b"\\n", b"\\n{{", b"\\n{{}}\\n", b"\\n" + (9 << 20) * b"x" + b"\\n", b"\\n[1]\\n", None, None):
    link, _ = warm._connect(warm.address(), [])
    link.settimeout(20)
    try:
        if what is None:
            socket.send_fds(link, [b"\\n"], 3 * [os.open("/dev/null", os.O_RDWR)])
        else:
            link.sendall(what)
    except OSError:
        pass
    links.append(link)
{}
"""


def open_files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def test_clients_that_say_nothing_or_nonsense_keep_nobody_waiting(folder: Path) -> None:
    call(folder, "good")
    (server,) = servers(folder)
    before = open_files(server)  # perhaps with those of the job whose end has just been told
    script = SILENT.format("Path('ready').touch(); time.sleep(60)")
    client = subprocess.Popen(
        ["python", "-c", script], cwd=folder, env=project.environment(RECOUNT_WARM="1"), stderr=subprocess.PIPE
    )
    until((folder / "ready").exists)
    assert call(folder, "good").returncode == 0
    assert servers(folder) == [server]
    client.kill()
    assert client.communicate()[1] == b""
    until(lambda: open_files(server) <= before)
    assert call(folder, "good").returncode == 0
    assert servers(folder) == [server]


def test_what_a_job_inherits_is_its_callers(folder: Path) -> None:
    call(folder, "good")
    (server,) = servers(folder)
    found = subprocess.run(
        ["python", *COMMAND[1:], "good"], cwd=folder, env=project.environment(RECOUNT_WARM="1"), umask=0o027, check=True
    )
    assert found.returncode == 0
    (other,) = set(servers(folder)) - {server}
    assert "0027" in Path(f"/proc/{other}/status").read_text(encoding="utf-8").split("Umask:")[1].splitlines()[0]
    call(folder, "good", PYTHONPATH=str(folder / "elsewhere"))
    assert set(servers(folder)) - {server, other}
