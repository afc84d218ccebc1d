"""Fabricated plans and run folders for the tests of the exhibits. The numbers mean nothing."""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files
from pipeline.exhibits import claims, frame, publication
from pipeline.metrics import ece
from pipeline.planning.information import Information
from pipeline.planning.model import Claim, Paper, Study
from pipeline.publishing import store
from pipeline.publishing.store import Published

N_TEST = 200


@dataclass(frozen=True)
class Run:
    id: str
    study: str
    dataset: str
    method: str
    variant: str
    seed: int
    settings: dict[str, Any] = field(hash=False)
    path: str
    needs: tuple[str, ...]
    paper: str


@dataclass
class Plan:
    studies: dict[str, Study]
    runs: tuple[Run, ...]
    tier: str = "laptop"
    seen: dict[tuple[str, str], Information] = field(default_factory=dict)
    """By study and method, what its runs have seen beyond the protocol."""
    published: dict[str, Published] = field(default_factory=dict)
    left: set[tuple[str, str]] = field(default_factory=set)
    """Cells (variant, method) that are not made."""

    def makes(self, run: Any) -> bool:
        return (run.variant, run.method) not in self.left

    def made(self, key: str) -> list[Run]:
        return [run for run in self.study_runs(key) if self.makes(run)]

    def information(self, run: Any) -> Information:
        return self.seen.get((run.study, run.method), Information())

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(sorted({run.dataset for run in self.runs}))

    def study_runs(self, key: str) -> list[Run]:
        return [run for run in self.runs if run.study == key]


STUDIES = [
    {
        "key": "ssl",
        "title": "Self-supervised learning: linear probe and k-NN on frozen features",
        "protocol": "self_supervised",
        "dataset": "fashion_mnist",
        "baseline": "simclr",
        "metrics": {"linear_top1": "higher", "knn_top1": "higher", "alignment": "lower", "uniformity": "lower"},
        "figures": ["embedding"],
        "budget": {"laptop": {"epochs": 6}},
        "variants": {"default": {}, "small_batch": {"batch_size": 32, "methods": ["simclr", "dcl"]}},
        "methods": [
            "random_encoder",
            "simclr",
            "dcl",
            {"key": "swav", "budget": {"epochs": 8}, "why": "The paper trains longer"},
            "mochi",
        ],
    },
    {
        "key": "classification",
        "title": "Classification losses: accuracy, calibration and confidence",
        "summary": "Losses of one classifier & its <i>confidence</i>.",
        "protocol": "supervised",
        "dataset": "fashion_mnist",
        "baseline": "cross_entropy",
        "metrics": {"top1": "higher", "nll": "lower", "ece": "lower"},
        "budget": {"laptop": {"epochs": 12}},
        "methods": ["cross_entropy", "label_smoothing", "max_sup", "arcface", "cosface"],
    },
    {
        "key": "ood",
        "title": "Out-of-distribution detection: scores of one trained classifier",
        "protocol": "ood",
        "dataset": "fashion_mnist",
        "baseline": "msp",
        "base": {"study": "classification", "method": "cross_entropy"},
        "metrics": {"auroc": "higher", "fpr95": "lower"},
        "budget": {"laptop": {"outliers": ["digits"]}},
        "variants": {"default": {}, "near": {"outliers": ["held_out"]}},
        "methods": ["msp", "odin", "energy"],
    },
]

PAPERS = [
    {
        "key": "dcl",
        "title": "Decoupled Contrastive Learning",
        "authors": ["Chun-Hsiao Yeh", "Cheng-Yao Hong", "Yen-Chi Hsu", "Tyng-Luh Liu"],
        "year": 2021,
        "url": "https://example.org/dcl",
        "methods": ["dcl"],
        "status": "works",
        "claims": [
            {
                "id": "accuracy",
                "statement": "Without the positive in the denominator, accuracy is higher.",
                "test": {"study": "ssl", "metric": "linear_top1", "better": "dcl", "than": "simclr"},
            },
            {
                "id": "small-batch",
                "statement": "The gain is larger at small batches.",
                "test": {
                    "study": "ssl",
                    "metric": "linear_top1",
                    "better": "dcl",
                    "than": "simclr",
                    "variant": "small_batch",
                    "relative_to": "default",
                },
            },
        ],
        "reported": [{"dataset": "ImageNet-1K", "metric": "linear_top1", "value": 68.2, "setting": "ResNet-50"}],
    },
    {
        "key": "label_smoothing",
        "title": "Rethinking the Inception Architecture <b>& co</b>",
        "authors": ["Christian Szegedy"],
        "year": 2016,
        "methods": ["label_smoothing"],
        "status": "partial",
        "claims": [
            {
                "id": "calibration",
                "statement": "Smoothed labels calibrate better.",
                "test": {
                    "study": "classification",
                    "metric": "ece",
                    "better": "label_smoothing",
                    "than": "cross_entropy",
                },
            },
            {"id": "scale", "statement": "Helps on a billion images.", "why_not": "No such data set here."},
        ],
    },
    {
        "key": "energy",
        "title": "Energy-based Out-of-distribution Detection",
        "authors": ["Weitang Liu", "Xiaoyun Wang"],
        "year": 2020,
        "methods": ["energy"],
        "status": "works",
        "claims": [
            {
                "id": "softmax",
                "statement": "Energy separates unknown inputs better than the greatest softmax probability.",
                "test": {"study": "ood", "metric": "auroc", "better": "energy", "than": "msp"},
            },
            {
                "id": "elsewhere",
                "statement": "Also with training.",
                "test": {"study": "ood", "metric": "auroc", "better": "energy_tuned", "than": "msp"},
            },
        ],
    },
    {
        "key": "arcface",
        "title": "ArcFace",
        "authors": ["Jiankang Deng"],
        "year": 2019,
        "methods": ["arcface"],
        "status": "works",
        "claims": [
            {
                "id": "margin",
                "statement": "An angular margin beats softmax.",
                "test": {"study": "classification", "metric": "top1", "better": "arcface", "than": "cross_entropy"},
            }
        ],
    },
    {
        "key": "bounds",
        "title": "A Bound",
        "authors": ["A. Theorist"],
        "year": 2022,
        "status": "theory",
        "reason": "A proof; nothing to run.",
    },
]

PAPER_OF = {"dcl": "dcl", "label_smoothing": "label_smoothing", "energy": "energy", "arcface": "arcface"}
# method -> (shift of percent metrics that count as better, in points)
SKILL = {"random_encoder": -25, "dcl": 9, "swav": 1, "label_smoothing": 0.2, "arcface": -6, "energy": 12, "odin": 1}
DIVERGED = {("ssl", "mochi", 0), ("ssl", "mochi", 1), ("ssl", "mochi", 2), ("classification", "cosface", 1)}
FAILED = {("classification", "max_sup", 2)}


def papers() -> dict[str, Paper]:
    return {entry["key"]: Paper.model_validate(entry) for entry in PAPERS}


def large(methods: int = 45) -> dict[str, Any]:
    """A study of many methods and variants, as the self-supervised one is."""
    variants: dict[str, Any] = {
        "default": {},
        "plain": {"dataset": "plain", "methods": ["simclr", "dcl", "objective_05", "objective_06"]},
        "small_batch": {"batch_size": 32, "epochs": 2, "methods": ["simclr", "dcl"]},
        **{f"views_{n}": {"settings": {"num_views": n}, "methods": ["objective_07", "objective_08"]} for n in (3, 4)},
        **{
            f"temperature_{str(t).replace('.', '')}": {
                "settings": {"temperature": t},
                "methods": ["simclr", "objective_09"],
            }
            for t in (0.07, 0.3, 1.0)
        },
    }
    metrics = {
        "linear_top1": "higher",
        "knn_top1": "higher",
        "alignment": "lower",
        "uniformity": "lower",
        "tolerance": "higher",
        "effective_rank": "higher",
        "linear_top1_1pct": "higher",
    }
    named: list[Any] = [
        {"key": "random_encoder", "reference": True},
        {"key": "supervised_encoder", "reference": True},
        "simclr",
        "dcl",
    ]
    return {
        **STUDIES[0],
        "budget": {"laptop": {"epochs": 6, "batch_size": 128}},
        "metrics": metrics,
        "variants": variants,
        "methods": [*named, *(f"objective_{n:02d}" for n in range(methods - len(named)))],
    }


def plan(seeds: int = 3, entries: list[dict[str, Any]] = STUDIES) -> Plan:
    studies = {entry["key"]: Study.model_validate(entry) for entry in entries}
    runs = []
    for study in studies.values():
        for variant, changes in study.variants.items():
            for entry in study.methods:
                if entry.key not in changes.get("methods", [entry.key]):
                    continue
                for seed in range(seeds):
                    name = f"{study.key}/{entry.key}/{variant}-s{seed}"
                    code = hashlib.sha256(name.encode()).hexdigest()
                    settings = _settings(study, entry.key, changes)
                    runs.append(
                        Run(
                            id=code,
                            study=study.key,
                            dataset=changes.get("dataset", "fashion_mnist"),
                            method=entry.key,
                            variant=variant,
                            seed=seed,
                            settings=settings,
                            path=f"runs/{name}-{code[:8]}",
                            needs=(),
                            paper=PAPER_OF.get(entry.key, entry.key),
                        )
                    )
    return Plan(studies, tuple(runs))


def _settings(study: Study, method: str, changes: dict[str, Any]) -> dict[str, Any]:
    """What the exhibits read of a run's resolved settings."""
    budget = {"batch_size": 256, **study.budget["laptop"], **changes}
    own = {"temperature": 0.1, "num_views": 2, **changes.get("settings", {})} if study.key == "ssl" else {}
    found = {"tier": "laptop", "train_examples": 1000, "batch_size": budget["batch_size"], "method": own}
    if study.protocol != "ood":
        found["epochs"] = 0 if method == "random_encoder" else budget["epochs"]
        # every third method was given a rate of its own
        found["optimizer"] = {"name": "adamw", "learning_rate": (0.003, 0.001, 0.003)[len(method) % 3]}
    return found


def write(root: Path, of: Plan) -> None:
    """Run folders and the data set's manifest below `root`."""
    manifest = root / "data/prepared/fashion_mnist/manifest.json"
    files.write_sealed(manifest, {"key": "fashion_mnist", "splits": {"train": 10000, "test": N_TEST}})
    began = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for place, run in enumerate(of.runs):
        arrays, metrics = _outcome(of.studies[run.study], run)
        status, reason = "ok", None
        if (run.study, run.method, run.seed) in DIVERGED:
            status, reason = "diverged", "loss is NaN at epoch 2"
        if (run.study, run.method, run.seed) in FAILED:
            status, reason = "failed", "out of memory & <b>patience</b>"
        start = began + timedelta(seconds=6 * (place // 2))
        result = {
            "id": run.id,
            "study": run.study,
            "dataset": run.dataset,
            "method": run.method,
            "paper": run.paper,
            "variant": run.variant,
            "seed": run.seed,
            "tier": of.tier,
            "status": status,
            "reason": reason,
            "metrics": metrics if status == "ok" else {},
            "choices": {},
            "settings": run.settings,
            "versions": {"python": "3.11.9", "torch": "2.13.0", "numpy": "2.3.1"},
            "device": {"kind": "cpu", "name": "Example CPU", "precision": "fp32", "threads": 1},
            "seconds": {"train": 4.0 if run.study != "ood" else 0.0, "evaluate": 1.0},
            "started": start.isoformat(),
            "finished": (start + timedelta(seconds=6)).isoformat(),
            "images_per_second": 1500.0,
            "provenance": {"dataset_digest": "0" * 64, "code_digest": "1" * 64, "needs": [], "git_commit": "abc1234"},
        }
        lines = []
        if run.study != "ood" and run.method != "random_encoder":
            lines = [
                {
                    "epoch": e,
                    "loss": 5 / e + 0.1 * run.seed,
                    "learning_rate": 0.1,
                    "images_per_second": 1500,
                    "seconds": 1 + sum(map(ord, run.method)) % 23 / 20,
                }
                for e in range(1, 7 if status == "ok" else 3)
            ]
        write_run(root, run, result, arrays if status == "ok" else {}, lines)


def write_run(
    root: Path, run: Run, result: dict[str, Any], arrays: dict[str, np.ndarray], history: Sequence[Any] = ()
) -> None:
    """A run's files, those left out that would be empty."""
    folder = root / run.path
    folder.mkdir(parents=True, exist_ok=True)
    parts = [folder / name for name, content in (("history.jsonl", history), ("predictions.npz", arrays)) if content]
    if history:
        (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history), encoding="utf-8")
    if arrays:
        np.savez(folder / "predictions.npz", **arrays)
    files.write_sealed(folder / "result.json", {k: v for k, v in result.items() if k != "files"}, parts)


def _skill(run: Run) -> float:
    """Known methods have theirs; the others' is drawn from their name, and each setting of a variant shifts it."""
    drawn = np.random.default_rng(sum(map(ord, run.method))).normal(0, 4) if run.method.startswith("objective") else 0
    temperature = run.settings["method"].get("temperature", 0.1)
    shift = 2 * run.settings["method"].get("num_views", 2) - 4 - 5 * abs(np.log(temperature / 0.1))
    return float(SKILL.get(run.method, drawn) + shift)


def _outcome(study: Study, run: Run) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    shared = np.random.default_rng([7, len(study.key)])  # the difficulty of each test example
    own = np.random.default_rng([run.seed, int(run.id[:8], 16)])
    difficulty, skill = shared.random(N_TEST), _skill(run)
    labels = shared.integers(0, 10, N_TEST)
    examples, metrics, extra = {}, {}, {}
    recorded = dict(study.metrics)
    if "linear_top1_1pct" in recorded:
        recorded |= dict.fromkeys(["linear_top1_10pct", "naive_bayes_top1"], "higher")
        recorded |= dict.fromkeys(["naive_bayes_top1_1pct", "naive_bayes_top1_10pct"], "higher")
    for metric, direction in recorded.items():
        good = skill if direction == "higher" else -skill
        if "top1" in metric or metric in ("fpr95", "auroc"):
            centre = 25 if metric == "fpr95" else 60 if "_1pct" in metric else 70 if "_10pct" in metric else 80
            centre -= 4 * (metric == "naive_bayes_top1")
            noise = own.normal(0, 0.06, N_TEST)
            hit = difficulty + noise < (centre + good + own.normal(0, 0.5)) / 100
            examples[metric] = 100.0 * hit
        elif metric in ("nll", "alignment"):
            examples[metric] = np.exp(difficulty + 0.1 * own.normal(size=N_TEST)) * 0.3 * (1 + good / 30)
        else:
            level = {"uniformity": -2.5, "ece": 4.0, "tolerance": 0.4, "effective_rank": 30.0}[metric]
            metrics[metric] = level + good / (100 if metric == "tolerance" else 10) + own.normal(0, 0.1)
    for metric, values in examples.items():
        examples[metric] = values.astype(np.float32)
        metrics[metric] = float(np.mean(examples[metric], dtype=np.float64))
    hit = examples.get("top1", examples.get("linear_top1"))
    if hit is not None:
        extra["predictions"] = np.where(hit > 0, labels, (labels + 1) % 10)
        features = 3 * np.eye(10)[labels] * (1 + skill / 20) + own.normal(size=(N_TEST, 10))
        extra["features"] = features.astype(np.float32)
        extra["confidence"] = np.clip(own.beta(6, 1.5, N_TEST), 0.1, 1).astype(np.float32)
        if "ece" in metrics:  # since exhibits compute it anew
            right = extra["predictions"] == labels
            metrics["ece"] = float(ece.calibration_error(extra["confidence"], right, np.ones((N_TEST, 1)))[0])
    else:
        extra["score_known"] = own.normal(1 + skill / 4, 1, N_TEST).astype(np.float32)
        extra["score_digits"] = own.normal(-1, 1, N_TEST // 2).astype(np.float32)
    return {"labels": labels, **extra, **{f"example_{k}": v for k, v in examples.items()}}, metrics


def publish(root: Path, of: Plan, study: str) -> Published:
    """Publish a study from the run folders below `root`; what is then read of it."""
    store.write(study, of.tier, publication.files(of, study, papers(), root), root)
    found = store.read(study, root)
    assert found is not None
    return found


class Lacking:
    """A root's records, but at some seeds of a method a metric has no value."""

    def __init__(self, root: Path, method: str, metric: str, reasons: dict[int, str]) -> None:
        self.read, self.method, self.metric, self.reasons = frame.Files(root), method, metric, reasons

    def results(self, runs: Any) -> list[dict[str, Any]]:
        return [self._without(run, result) for run, result in zip(runs, self.read.results(runs), strict=True)]

    def _without(self, run: Any, result: dict[str, Any]) -> dict[str, Any]:
        if run.method != self.method or run.seed not in self.reasons:
            return result
        metrics = {name: value for name, value in result["metrics"].items() if name != self.metric}
        return {**result, "metrics": metrics, "metrics_absent": {self.metric: self.reasons[run.seed]}}

    def examples(self, run: Any, features: bool = False) -> dict[str, Any]:
        return self.read.examples(run, features)

    def history(self, run: Any) -> list[dict[str, Any]]:
        return self.read.history(run)


def verdict(made: Any, records: Any = None, **test: Any) -> Any:
    """The verdict on a claim with this test, about the results below made.root."""
    claim = {"id": "c", "statement": "s", "test": {"study": "ssl", "metric": "linear_top1", **test}}
    paper = Paper.model_validate({"key": "p", "title": "t", "authors": ["a"], "year": 2020, "status": "works"})
    paper = paper.model_copy(update={"claims": [Claim.model_validate(claim)]})
    (found,) = claims.judge(made.plan, {"p": paper}, made.root, records)
    return found


def rows(root: Path, name: str) -> list[dict[str, str]]:
    """A CSV below root/results."""
    with (root / "results" / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def value_of(root: Path, run: Any, metric: str) -> float:
    """What a run's result.json says."""
    return json.loads((root / run.path / "result.json").read_text(encoding="utf-8"))["metrics"][metric]


def metric_of(made: Any, method: str, variant: str, metric: str) -> float:
    """The mean over a cell's runs; `made` has root and results."""
    return float(np.mean([value_of(made.root, run, metric) for run in made.results.cells[variant, method].runs]))
