"""Seconds to plan 10,000 runs, and to plan and dry-run 3,000 of 28 studies, in copies of the sources."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

SHARED = 3
"""So many studies have each method, about."""


Size = tuple[int, int, int]
"""Studies, methods of each, seeds."""


def run(large: Size = (25, 40, 10), middle: Size = (28, 36, 3)) -> Iterator[str]:
    """A line each: runs planned and seconds, each call a fresh process."""
    with tempfile.TemporaryDirectory() as name:
        yield _timed("planned", _project(Path(name), *large), _plan())
    with tempfile.TemporaryDirectory() as name:
        root = _project(Path(name), *middle)
        yield _timed("planned", root, _plan())
        options = ["--cores", "2", "-n", "--quiet", "all"]
        yield _timed("dry-run by Snakemake", root, [sys.executable, "-m", "snakemake", *options])


def _plan() -> list[str]:
    return [sys.executable, "-m", "pipeline", "plan", "--write"]


def _timed(what: str, root: Path, call: list[str]) -> str:
    runs = len(
        subprocess.run(_plan()[:-1], cwd=root, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()
    )
    started = time.perf_counter()
    subprocess.run(call, cwd=root, capture_output=True, check=True)
    return f"{runs} runs {what} in {time.perf_counter() - started:.2f} s"


def _project(root: Path, studies: int, methods: int, seeds: int) -> Path:
    """A project of synthetic studies of copies of one method, with the papers there are but without their claims."""
    for name in ("pipeline", "profiles"):
        shutil.copytree(name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy("Snakefile", root)
    family = root / "pipeline/methods/classifier"
    text = (
        (family / "label_smoothing.py").read_text(encoding="utf-8").replace('paper = "label_smoothing"', 'paper = ""')
    )
    keys = [f"synthetic_{number}" for number in range(studies * methods // SHARED)]
    for key in keys:
        (family / f"{key}.py").write_text(text, encoding="utf-8")
    study = yaml.safe_load(Path("studies/classification.yaml").read_text(encoding="utf-8"))
    (root / "studies").mkdir()
    names = [f"study_{number}" for number in range(studies)]
    for number, name in enumerate(names):
        chosen = [keys[(number * 13 + place) % len(keys)] for place in range(methods)]
        budget = {"laptop": {**study["budget"]["laptop"], "seeds": seeds}}
        changed = {"methods": chosen, "baseline": chosen[0], "variants": {"default": {}}, "budget": budget}
        changed |= {"search": {}, "reduced": [], "phenomena": [], "core": {}}
        (root / f"studies/{name}.yaml").write_text(yaml.safe_dump({**study, **changed}), encoding="utf-8")
    (root / "papers").mkdir()
    for path in Path("papers").glob("*.yaml"):  # their claims test studies that are not here
        paper = {
            key: value for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items() if key != "claims"
        }
        (root / path).write_text(yaml.safe_dump(paper), encoding="utf-8")
    (root / "params.yaml").write_text(yaml.safe_dump({"studies": names}), encoding="utf-8")
    return root
