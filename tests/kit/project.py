"""Small copies of the project for tests: two cut-down studies at the smoke tier, in a folder of their own."""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from pipeline.planning import code as sources

HERE = Path(__file__).parents[2]
STUDIES = HERE / "tests/studies"
"""Three studies that stay as they are whatever becomes of the project's own."""
ALL, SMALL = ("ssl", "classification", "ood"), ("classification", "ood")
CODE = ("pipeline", "profiles", "Snakefile", "dvc.yaml", ".dvc/config", ".dvc/plots", ".dvcignore", ".gitignore")
CLAIMS = [
    {
        "id": "calibration",
        "statement": "Smoothed labels calibrate better.",
        "test": {"study": "classification", "metric": "ece", "better": "label_smoothing", "than": "cross_entropy"},
    },
    {"id": "information", "statement": "Logits tell less of their input.", "why_not": "It is not estimated."},
]


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def make(folder: Path, code: bool = False, small: bool = True, data: bool = False, own: bool = False) -> Path:
    """The project's inputs; with `data` also the embedded data, with `code` also the sources.

    small: only `classification` (two methods) and `ood` (one method), two seeds, few examples.
    own: the project's own studies and papers in place of the tests'.
    """
    shutil.copytree(HERE / "studies" if own else STUDIES, folder / "studies")
    params = read(HERE / "params.yaml") | {"tier": "smoke"}
    if own:
        shutil.copytree(HERE / "papers", folder / "papers")
    else:
        params["studies"] = list(ALL)
        (folder / "papers").mkdir()
        for key, content in papers().items():
            (folder / f"papers/{key}.yaml").write_text(content, encoding="utf-8")
    if data:
        shutil.copytree(HERE / "data/embedded", folder / "data/embedded")
    if small and not own:
        params["studies"] = list(SMALL)
        _cut(folder / "studies")
    write(folder / "params.yaml", params)
    for name in CODE if code else ():
        source, target = HERE / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


@functools.cache
def papers() -> dict[str, str]:
    """The papers that methods name, as files: one with claims, about the tests' studies, and the rest with none."""
    found: dict[str, dict[str, Any]] = {}
    for key in sources.method_modules():
        if paper := sources.method(key).paper:
            stub = {"title": paper, "authors": ["A. Author"], "year": 2020, "status": "works", "methods": []}
            found.setdefault(paper, stub)["methods"].append(key)
    found["label_smoothing"]["claims"] = CLAIMS
    return {key: json.dumps(content) for key, content in found.items()}


def _cut(studies: Path) -> None:
    """Leave what the small project has of the tests' studies."""
    for path in studies.glob("*.yaml"):
        if path.stem not in SMALL:
            path.unlink()
    classification, ood = (read(studies / f"{key}.yaml") for key in SMALL)
    classification |= {"methods": ["cross_entropy", "label_smoothing"], "variants": {"default": {}}}
    ood |= {"methods": ["msp"], "variants": {"default": {}}}
    ood["budget"]["smoke"]["validation_outliers"] = ["mean"]
    for key, study in zip(SMALL, (classification, ood), strict=True):
        write(studies / f"{key}.yaml", study | {"budget": {"smoke": study["budget"]["smoke"]}})


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
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} does not contain {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def environment(**more: str) -> dict[str, str]:
    """This process's, with the interpreter's own programs first and without settings of the caller's."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("RECOUNT_", "MLFLOW_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{mine.get('PATH', '')}"
    return {**mine, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", **more}


def call(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder; `python` is this interpreter."""
    program = [sys.executable, *command[1:]] if command[0] == "python" else list(command)
    return subprocess.run(
        program, cwd=folder, env=environment(**more), capture_output=True, encoding="utf-8", check=False
    )


def copy(finished: Path, folder: Path) -> Path:
    """A finished project, times of its files included."""
    return shutil.copytree(finished, folder, symlinks=True)


def commit(folder: Path) -> None:
    """Make the folder a git repository, which DVC wants."""
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for command in (("init", "-q"), ("add", "-A"), (*author, "commit", "-qm", "all")):
        assert call(folder, "git", *command).returncode == 0


def plan_of(folder: Path, **values: Any) -> list[str]:
    """The folders of the runs that a project plans with these values in place of its params.yaml's."""
    given = [text for key, value in values.items() for text in ("--set", f"{key}={json.dumps(value)}")]
    found = call(folder, "python", "-m", "pipeline", "plan", "--json", *given)
    assert found.returncode == 0, found.stderr
    return [run["path"] for run in json.loads(found.stdout)["runs"]]
