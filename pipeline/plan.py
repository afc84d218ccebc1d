"""The plan: a pure function from params.yaml, studies/ and the sources to the runs.

A run's id hashes its resolved settings, the recipe of its data, the code it executes and the ids of the runs it
builds on. Its folder carries the id, so nothing stale can be taken for a result and nothing unchanged runs twice.
"""

import functools
import itertools
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import datasets, source
from pipeline.errors import UserError, nearest, unknown
from pipeline.exhibits import figures
from pipeline.files import digest
from pipeline.settings import (
    BUDGETS,
    Base,
    Budget,
    MethodEntry,
    Params,
    PosthocBudget,
    Study,
    Training,
    Variant,
    check,
    read_yaml,
)

RULES = frozenset({"all", "datasets", "prepare", "train", "evaluate", "curves", "metrics", "claims", "report"})
"""Names of the Snakefile's rules, which a study cannot have."""

INHERITED = (
    *("dataset", "encoder", "train_examples", "validation_examples", "test_examples"),
    *("evaluate_on", "held_out_classes", "imbalance"),
)
"""Settings that a post-hoc run takes over from the run it builds on."""

SEARCH = "_search"
"""Ending of the name of the study that searches another one's learning rates."""


@dataclass(frozen=True)
class Run:
    """One training or evaluation: study x dataset x method x variant x seed, fully resolved."""

    id: str
    study: str
    dataset: str
    method: str
    variant: str
    seed: int
    settings: dict[str, Any]
    path: str
    needs: tuple[str, ...]
    paper: str
    code: str
    """Digest of the code that the run executes."""
    data: str
    """Digest of the recipes of the data sets that the run reads."""
    datasets: tuple[str, ...]
    """The data sets that the run reads: its own first, then outliers."""

    @property
    def trains(self) -> bool:
        """Whether the run has a training stage; post-hoc runs only evaluate."""
        return issubclass(BUDGETS[self.settings["driver"]], Training)


@dataclass(frozen=True)
class Plan:
    tier: str
    studies: dict[str, Study]
    runs: tuple[Run, ...]

    @functools.cached_property
    def by_id(self) -> dict[str, Run]:
        return {run.id: run for run in self.runs}

    @functools.cached_property
    def by_path(self) -> dict[str, Run]:
        return {run.path: run for run in self.runs}

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(sorted({key for run in self.runs for key in run.datasets}))

    def study(self, key: str) -> Study:
        if key not in self.studies:
            raise unknown("study", key, self.studies)
        return self.studies[key]

    def study_runs(self, key: str) -> list[Run]:
        """A study's runs in table order: variant, then method, then seed."""
        self.study(key)
        return [run for run in self.runs if run.study == key]

    def to_json(self) -> dict[str, Any]:
        """The plan as `python -m pipeline plan --json` prints it."""
        fields = ("id", "study", "dataset", "method", "variant", "seed", "settings", "path", "needs")
        return {
            "tier": self.tier,
            "runs": [{name: value for name, value in asdict(run).items() if name in fields} for run in self.runs],
            "datasets": [{"key": key, "path": f"data/prepared/{key}"} for key in self.datasets],
            "studies": [study.model_dump(mode="json", exclude={"budget"}) for study in self.studies.values()],
        }


def load(root: Path = Path(), overrides: dict[str, Any] | None = None, only: str | None = None) -> Plan:
    """The plan of the project at `root`.

    overrides: values in place of params.yaml's (`{"tier": "gpu"}`).
    only: plan just this study and those it builds on, for commands that concern one run.
    Raises UserError, one line, for anything wrong in params.yaml, studies/ or a method's source.
    """
    params = check(Params, {**read_yaml(root / "params.yaml"), **(overrides or {})}, "params.yaml")
    written = sorted(path.stem for path in (root / "studies").glob("*.yaml"))
    available = [*written, *(key + SEARCH for key in written)]
    for name in [*params.studies, *params.overrides, *([only] if only else [])]:
        if name not in available:
            raise unknown("study", name, available, "params.yaml")
    wanted = [only] if only else list(params.studies)
    studies: dict[str, Study] = {}
    while wanted:
        key = wanted.pop(0)
        if key not in studies:
            studies[key] = _study(root, key, params.tier)
            for base in _bases(studies[key]):
                if base.study not in available:
                    raise unknown("study", base.study, available, f"studies/{key}.yaml: base")
                wanted.append(base.study)
    runs: dict[str, dict[tuple[str, str, int], Run]] = {}

    def expand(key: str, chain: tuple[str, ...] = ()) -> None:
        if key in chain:
            raise UserError(
                f"studies/{key}.yaml: studies build on each other in a circle: {' -> '.join((*chain, key))}"
            )
        if key in runs:
            return
        for base in _bases(studies[key]):
            expand(base.study, (*chain, key))
        runs[key] = {(r.variant, r.method, r.seed): r for r in _runs(studies[key], params, runs)}

    for key in studies:
        expand(key)
    order = [key for key in params.studies if key in studies] + [key for key in studies if key not in params.studies]
    return Plan(
        params.tier, {key: studies[key] for key in order}, tuple(r for key in order for r in runs[key].values())
    )


def flags(config: dict[str, Any], root: Path = Path()) -> str:
    """The `--set` options that make a command plan what a call with these values plans."""
    written = read_yaml(root / "params.yaml")
    changed = {key: value for key, value in config.items() if key not in written or written[key] != value}
    return " ".join(f"--set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in sorted(changed.items()))


def _search(study: Study, tier: str) -> Study:
    """The study that tries the learning rates of `study.search`, each as a variant, on validation examples.

    A method that is not part of the default variant is tried in the first one that it is part of.
    """
    if tier not in study.search:
        raise UserError(f"studies/{study.key}.yaml: has no search.{tier}, which says what learning rates to try")
    search = study.search[tier]
    homes = {entry.key: (entry.only or ["default"])[0] for entry in study.methods if _trains(entry.key)}
    variants = {}
    for home, rate in itertools.product(dict.fromkeys(homes.values()), search.learning_rates):
        changes = {k: v for k, v in study.variants[home].items() if k != "methods"}
        tried = [key for key, at in homes.items() if at == home]
        name = ("" if home == "default" else f"{home}_") + f"rate_{rate:f}".rstrip("0").replace(".", "p")
        variants[name] = merge(changes, {"optimizer": {"learning_rate": rate}, "methods": tried})
    own: dict[str, Any] = {"validation_examples": search.validation_examples, "seeds": search.seeds}
    own |= {"evaluate_on": "validation"} | ({"train_examples": search.train_examples} if search.train_examples else {})
    entries = [e.model_copy(update={"learning_rate": {}, "only": None}) for e in study.methods if e.key in homes]
    changed = {
        "key": study.key + SEARCH,
        "title": f"{study.title}: search of learning rates",
        "selection": "last epoch; measured on training images that were kept out of training",
        "search": {},
        "budget": {tier: merge(study.budget[tier], own)},
        "variants": variants,
        "methods": entries,
        "figures": [],
    }
    return study.model_copy(update=changed)


def _trains(method: str) -> bool:
    return source.method(method).attributes.get("trains") is not False


def _study(root: Path, key: str, tier: str) -> Study:
    if key.endswith(SEARCH) and not (root / "studies" / f"{key}.yaml").exists():
        return _search(_study(root, key.removesuffix(SEARCH), tier), tier)
    where = f"studies/{key}.yaml"
    study = check(Study, {**read_yaml(root / where), "key": key}, where)
    keys = [entry.key for entry in study.methods]
    for entry in study.methods:
        if entry.key not in source.method_modules():
            raise unknown("method", entry.key, source.method_modules(), where)
        driver = source.method(entry.key).driver
        if driver != study.driver:
            raise UserError(f"{where}: method '{entry.key}' is for driver '{driver}', the study's is '{study.driver}'")
        if keys.count(entry.key) > 1:
            raise UserError(f"{where}: method '{entry.key}' is listed twice; use variants for its other settings")
    if study.baseline not in keys:
        raise unknown("method", study.baseline, keys, f"{where}: baseline")
    if (study.driver == "posthoc") != (study.base is not None):
        raise UserError(f"{where}: driver 'posthoc' and a `base` to build on go together")
    for name in (key, *study.variants):
        if not re.fullmatch("[a-z0-9_]+", name):
            raise UserError(
                f"{where}: '{name}' must be made of small letters, digits and underscores: it names folders"
            )
    if key in RULES:
        raise UserError(
            f"{where}: '{key}' is a rule of the Snakefile, which makes a study by its name; rename the file"
        )
    for entry in study.methods:
        for variant in entry.only or []:
            if variant not in study.variants:
                raise unknown("variant", variant, study.variants, f"{where}: method '{entry.key}': only")
        for tier in entry.learning_rate:
            if tier not in study.budget:
                raise unknown("tier", tier, study.budget, f"{where}: method '{entry.key}': learning_rate")
    for tier in study.reduced:
        if tier not in study.budget:
            raise unknown("tier", tier, study.budget, f"{where}: reduced")
    for figure in study.figures:
        if figure not in figures.available():
            raise unknown("figure", figure, figures.available(), where)
    for name, changes in study.variants.items():
        place = f"{where}: variants.{name}"
        budget = BUDGETS[study.driver].model_fields
        for changed in changes.keys() - budget.keys() - Variant.model_fields.keys():
            raise UserError(f"{place}: unknown key '{changed}'{nearest(changed, [*budget, *Variant.model_fields])}")
        for method in _variant(study, name).methods or []:
            if method not in keys:
                raise unknown("method", method, keys, f"{place}.methods")
    return study


def _variant(study: Study, name: str) -> Variant:
    own = {key: value for key, value in study.variants[name].items() if key in Variant.model_fields}
    return check(Variant, own, f"studies/{study.key}.yaml: variants.{name}")


def _bases(study: Study) -> list[Base]:
    """What the study's variants build on."""
    if study.base is None:
        return []
    return [_base(study, name) for name in study.variants]


def _base(study: Study, variant: str) -> Base:
    return _variant(study, variant).base or study.base  # type: ignore[return-value]


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Values of `above` over those of `below`, mappings merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if nested else value
    return merged


def _runs(study: Study, params: Params, done: dict[str, dict[tuple[str, str, int], Run]]) -> Iterable[Run]:
    where = f"studies/{study.key}.yaml"
    if params.tier not in study.budget:
        raise unknown("tier", params.tier, study.budget, where)
    tier = merge(study.budget[params.tier], params.overrides.get(study.key, {}))
    for variant, changes in study.variants.items():
        own = _variant(study, variant)
        chosen = own.methods or [entry.key for entry in study.methods if not entry.only or variant in entry.only]
        budget = merge(tier, {k: v for k, v in changes.items() if k not in Variant.model_fields})
        for entry in study.methods:
            if entry.key in chosen:
                values = merge(budget, entry.budget)
                if rate := entry.learning_rate.get(params.tier):
                    values = merge(values, {"optimizer": {"learning_rate": rate}})
                yield from _seeds(study, variant, entry, values, own.settings, params, done, where)


def _seeds(
    study: Study,
    variant: str,
    entry: MethodEntry,
    budget: dict[str, Any],
    settings: dict[str, Any],
    params: Params,
    done: dict[str, dict[tuple[str, str, int], Run]],
    where: str,
) -> Iterable[Run]:
    """The runs of one method in one variant, one a seed."""
    schema = BUDGETS[study.driver]
    info = source.method(entry.key)
    checked = check(schema, budget, f"{where}: {variant}/{entry.key}" if entry.budget else f"{where}: {variant}")
    values = checked.model_dump(mode="json", exclude={"seeds"})
    values["dataset"] = checked.dataset or study.dataset
    if not _trains(entry.key):
        values["epochs"] = 0
    reduced = entry.reduced if params.tier in study.reduced else {}
    reads = [values["dataset"]]
    count = params.seeds or checked.seeds
    base: Base | None = None
    if isinstance(checked, PosthocBudget):
        base = _base(study, variant)
        reads = _inherit(checked, values, base, count, done, where)
    _fits(checked, values, where)
    resolved = {
        "tier": params.tier,
        "driver": study.driver,
        **values,
        "method": info.resolve({**entry.settings, **reduced, **settings}, where),
    }
    code = _code(info.module, study.driver, values["encoder"])
    data = _data(tuple(reads))
    hashed = _without_off(resolved)
    for seed in range(count):
        needs = () if base is None else (done[base.study][base.variant, base.method, seed].id,)
        parts = [study.key, values["dataset"], entry.key, variant, seed, hashed, code, data, needs]
        identity = digest(parts)
        path = f"runs/{study.key}/{entry.key}/{variant}-s{seed}-{identity[:8]}"
        yield Run(
            identity,
            study.key,
            values["dataset"],
            entry.key,
            variant,
            seed,
            resolved,
            path,
            needs,
            info.paper,
            code,
            data,
            tuple(dict.fromkeys(reads)),
        )


def _inherit(
    budget: PosthocBudget,
    values: dict[str, Any],
    base: Base,
    count: int,
    done: dict[str, dict[tuple[str, str, int], Run]],
    where: str,
) -> list[str]:
    """Take over the base run's data and encoder; return the data sets read. UserError where the base is not there."""
    for name in INHERITED:
        if name in budget.model_fields_set:
            raise UserError(f"{where}: '{name}' is the base run's and cannot be set in a post-hoc study")
    runs = done[base.study]
    if base.variant not in {variant for variant, _, _ in runs}:
        raise unknown("variant", base.variant, {v for v, _, _ in runs}, f"{where}: base study '{base.study}'")
    methods = {method for variant, method, _ in runs if variant == base.variant}
    if base.method not in methods:
        raise unknown("method", base.method, methods, f"{where}: base study '{base.study}'")
    seeds = sum((variant, method) == (base.variant, base.method) for variant, method, _ in runs)
    if count > seeds:
        raise UserError(f"{where}: seeds = {count}: the study '{base.study}' it builds on has {seeds}")
    first = runs[base.variant, base.method, 0]
    values.update({name: first.settings[name] for name in INHERITED})
    values["base"] = base.model_dump()
    reads = [values["dataset"]]
    from pipeline.datasets.outliers import known_outliers

    for name in [*budget.outliers, *budget.validation_outliers]:
        if name == "held_out":
            if not values["held_out_classes"]:
                raise UserError(f"{where}: outliers 'held_out' need a base run with held_out_classes")
        elif name in datasets.known():
            reads.append(name)
        elif name not in known_outliers():
            raise unknown("outliers", name, [*known_outliers(), *datasets.known(), "held_out"], where)
    return reads


def _fits(budget: Budget, values: dict[str, Any], where: str) -> None:
    """Whether the data set can serve the protocol, as far as its description tells."""
    if values["dataset"] not in datasets.known():
        raise unknown("data set", values["dataset"], datasets.known(), where)
    described = datasets.describe(values["dataset"])
    classes, examples = len(described.classes), described.train_examples
    wanted = values["train_examples"]
    for name, there in (("train_examples", examples), ("test_examples", described.test_examples)):
        if values[name] is not None and values[name] > there:
            raise UserError(f"{where}: {name} = {values[name]}: data set '{described.key}' has {there}")
    if values["validation_examples"] >= (wanted or examples):
        raise UserError(
            f"{where}: validation_examples = {values['validation_examples']}: "
            f"must be fewer than the {wanted or examples} training examples they are taken from"
        )
    left = (wanted or examples) - values["validation_examples"]
    if values.get("epochs") and budget.batch_size > left:
        raise UserError(f"{where}: batch_size = {budget.batch_size}: must be at most the {left} training examples")
    outside = [c for c in values["held_out_classes"] if c >= classes]
    if outside:
        raise UserError(f"{where}: held_out_classes = {outside}: '{described.key}' has classes 0 to {classes - 1}")
    if classes - len(set(values["held_out_classes"])) < 2:
        raise UserError(f"{where}: data set '{described.key}' leaves fewer than two classes; the study needs two")
    if source.module_path(f"pipeline.encoders.{values['encoder']}") is None:
        known = [path.stem for path in (source.PACKAGE / "encoders").glob("*.py") if path.stem != "__init__"]
        raise unknown("encoder", values["encoder"], known, where)


@functools.cache
def _code(method: str, driver: str, encoder: str) -> str:
    return source.code_digest(method, f"pipeline.drivers.{driver}", f"pipeline.encoders.{encoder}")


@functools.cache
def _data(keys: tuple[str, ...]) -> str:
    return digest([[key, datasets.recipe(key), source.code_digest(f"pipeline.datasets.{key}")] for key in keys])


def _without_off(value: Any) -> Any:
    """Settings without those that are off (null, 0, false, empty): a new setting that is off changes no id."""
    if isinstance(value, dict):
        return {key: _without_off(inner) for key, inner in value.items() if inner}
    return value
