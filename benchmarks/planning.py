"""Seconds to plan 10,000 runs: 25 studies of 40 methods with 10 seeds, in a copy of the sources."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

STUDIES, METHODS, SEEDS = 25, 40, 10


def run() -> Iterator[str]:
    """One line: runs planned and seconds, of a fresh process."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        shutil.copytree("pipeline", root / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
        family = root / "pipeline/methods/classifier"
        text = (family / "label_smoothing.py").read_text().replace('paper = "label_smoothing"', 'paper = ""')
        methods = [f"synthetic_{number}" for number in range(STUDIES * METHODS // 3)]
        for key in methods:
            (family / f"{key}.py").write_text(text)
        (root / "studies").mkdir()
        study = yaml.safe_load(Path("studies/classification.yaml").read_text())
        keys = [f"study_{number}" for number in range(STUDIES)]
        for number, key in enumerate(keys):
            chosen = [methods[(number * 13 + place) % len(methods)] for place in range(METHODS)]
            budget = {"laptop": {**study["budget"]["laptop"], "seeds": SEEDS}}
            changed = {"methods": chosen, "baseline": chosen[0], "variants": {"default": {}}, "budget": budget}
            (root / f"studies/{key}.yaml").write_text(yaml.safe_dump({**study, **changed}))
        (root / "papers").mkdir()
        for path in Path("papers").glob("*.yaml"):  # their claims test studies that are not here
            paper = {key: value for key, value in yaml.safe_load(path.read_text()).items() if key != "claims"}
            (root / path).write_text(yaml.safe_dump(paper))
        (root / "params.yaml").write_text(yaml.safe_dump({"studies": keys}))
        started = time.perf_counter()
        call = [sys.executable, "-m", "pipeline", "plan"]
        out = subprocess.run(call, cwd=root, capture_output=True, text=True, check=True).stdout
        yield f"{len(out.splitlines())} runs in {time.perf_counter() - started:.2f} s"
