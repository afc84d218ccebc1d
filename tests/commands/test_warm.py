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
    print(f"job {os.getpid()} {what} in {Path.cwd().name}, {os.environ.get('WORD', '')}", flush=True)
    print("xmlrpc.client" in sys.modules, file=sys.stderr)
    if what == "fail":
        return 2
    if what == "crash":
        raise RuntimeError("went wrong")
    if what == "sleep":
        Path("pid").write_text(str(os.getpid()))
        time.sleep(60)
    return 0
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A package with the real warm process and a stand-in for the jobs."""
    folder = tmp_path_factory.mktemp("warm") / "project"
    (folder / "pipeline/commands").mkdir(parents=True)
    for name in ("__init__.py", "__main__.py", *(f"commands/{each}.py" for each in ("__init__", "entry", "warm"))):
        (folder / "pipeline" / name).write_bytes((project.HERE / "pipeline" / name).read_bytes())
    warm = folder / "pipeline/commands/warm.py"
    # nothing but the standard library, so that it starts at once; and it ends soon after the tests
    project.substitute(warm, "\nif __name__", '\nPRELOAD = ("xmlrpc.client",)\n\nif __name__')
    project.substitute(warm, "IDLE_SECONDS = 20.0", "IDLE_SECONDS = 3.0")
    (folder / "pipeline/commands/jobs.py").write_text(JOBS)
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
            if b"pipeline.commands.warm" in words and (process / "cwd").resolve() == folder.resolve():
                found[int(process.name)] = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
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


def test_what_goes_wrong_in_a_job_is_told_by_it(folder: Path) -> None:
    crashed = call(folder, "crash")
    assert crashed.returncode == 1
    assert "RuntimeError: went wrong" in crashed.stderr
    assert call(folder, "good").returncode == 0


def test_sources_edited_between_jobs_are_seen(folder: Path) -> None:
    assert "job" in call(folder, "good").stdout
    (folder / "pipeline/commands/jobs.py").write_text(JOBS.replace('f"job ', 'f"edited job '))
    assert "edited job" in call(folder, "good").stdout
    (folder / "pipeline/commands/jobs.py").write_text(JOBS)


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


@pytest.mark.parametrize("whom", ["client", "server"])
def test_no_job_outlives_its_caller_or_the_warm_process(folder: Path, whom: str) -> None:
    (folder / "pid").unlink(missing_ok=True)
    environment = project.environment(RECOUNT_WARM="1")
    command = ["python", *COMMAND[1:], "sleep"]
    client = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: (folder / "pid").exists() and (folder / "pid").read_text())
    job = int((folder / "pid").read_text())
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


def test_it_ends_by_itself_and_the_next_call_starts_another(folder: Path) -> None:
    call(folder, "good")
    (server,) = servers(folder)
    until(lambda: not alive(server))
    assert call(folder, "good").returncode == 0
    assert servers(folder) not in ([], [server])


def test_without_a_socket_the_job_runs_in_the_callers_process(folder: Path, tmp_path: Path) -> None:
    (tmp_path / f"recount-{os.getuid()}").write_text("in the way")
    found = call(folder, "good", TMPDIR=str(tmp_path))
    assert found.returncode == 0
    assert found.stderr == "False\n"
    assert call(folder, "fail", SLURM_JOB_ID="1").returncode == 2
