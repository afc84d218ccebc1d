"""Small copies of the project for tests: two cut-down studies at the smoke tier, in a folder of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parents[2]
STUDIES = HERE / "tests/studies"
"""Three studies that stay as they are whatever becomes of the project's own."""
SMALL = ("classification", "ood")
CODE = ("pipeline", "profiles", "Snakefile", ".dvc/config", ".dvcignore", ".gitignore")


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, sort_keys=False))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def make(folder: Path, code: bool = False, small: bool = True, data: bool = False, studies: Path = STUDIES) -> Path:
    """The project's inputs; with `data` also the embedded data, with `code` also the sources.

    small: only `classification` (two methods) and `ood` (one method), two seeds, few examples, one paper.
    """
    shutil.copytree(studies, folder / "studies")
    (folder / "papers").mkdir()
    written = sorted(path.stem for path in studies.glob("*.yaml"))
    params = read(HERE / "params.yaml")
    params |= {"tier": "smoke", "studies": [key for key in params["studies"] if key in written]}
    for path in (HERE / "papers").glob("*.yaml"):
        if not small or path.stem == "label_smoothing":
            shutil.copy(path, folder / "papers")
    if data:
        shutil.copytree(HERE / "data/embedded", folder / "data/embedded")
    if small:
        params["studies"] = list(SMALL)
        for path in (folder / "studies").glob("*.yaml"):
            if path.stem not in SMALL:
                path.unlink()
        study = read(folder / "studies/classification.yaml")
        study["methods"] = ["cross_entropy", "label_smoothing"]
        study["variants"] = {"default": {}}
        study["budget"] = {"smoke": study["budget"]["smoke"]}
        write(folder / "studies/classification.yaml", study)
        study = read(folder / "studies/ood.yaml")
        study["methods"] = ["msp"]
        study["variants"] = {"default": {}}
        study["budget"] = {"smoke": {**study["budget"]["smoke"], "validation_outliers": ["mean"]}}
        write(folder / "studies/ood.yaml", study)
    write(folder / "params.yaml", params)
    if code:
        for name in CODE:
            source, target = HERE / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
    return folder


def edit(path: Path, **changes: Any) -> None:
    """Set keys of a YAML file; `a__b=1` sets `a: {b: 1}`."""
    value = read(path)
    for name, new in changes.items():
        *places, last = name.split("__")
        below = value
        for place in places:
            below = below[place]
        below[last] = new
    write(path, value)


def substitute(path: Path, old: str, new: str) -> None:
    """Replace text that must be there."""
    text = path.read_text()
    assert old in text, f"{path} does not contain {old!r}"
    path.write_text(text.replace(old, new))


def environment(**more: str) -> dict[str, str]:
    """This process's, with the interpreter's own programs first and without settings of the caller's."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("RECOUNT_", "MLFLOW_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{mine.get('PATH', '')}"
    return {**mine, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", **more}


def call(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder; `python` is this interpreter."""
    program = [sys.executable, *command[1:]] if command[0] == "python" else list(command)
    return subprocess.run(program, cwd=folder, env=environment(**more), capture_output=True, text=True, check=False)


def copy(finished: Path, folder: Path) -> Path:
    """A finished project, times of its files included."""
    return shutil.copytree(finished, folder, symlinks=True)


def commit(folder: Path) -> None:
    """Make the folder a git repository, which DVC wants."""
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for command in (("init", "-q"), ("add", "-A"), (*author, "commit", "-qm", "all")):
        assert call(folder, "git", *command).returncode == 0


def cut_dvc(folder: Path) -> None:
    """dvc.yaml for the small project: without the studies that it has not."""
    file = read(HERE / "dvc.yaml")
    written = {path.stem for path in (HERE / "studies").glob("*.yaml")}
    for stage in file["stages"].values():
        each = stage.get("foreach", [])
        for value in (each, stage.get("deps", [])):
            for entry in list(value):
                if Path(entry).stem in written - set(SMALL):
                    value.pop(entry) if isinstance(value, dict) else value.remove(entry)
    file["stages"]["train"]["foreach"]["classification"]["needs"] = "data/prepared"
    write(folder / "dvc.yaml", file)
