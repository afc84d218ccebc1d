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
    TrainedPosthocBudget,
    Training,
    Variant,
    budget_of,
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

TRAINING = TrainedPosthocBudget.model_fields.keys() - PosthocBudget.model_fields.keys()
"""What a post-hoc study says of training, for those of its methods that train."""

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
        """Whether the run has a training stage; most post-hoc runs only evaluate."""
        return "epochs" in self.settings


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
            if base.study != key:
                expand(base.study, (*chain, key))
        runs[key] = _runs(studies[key], params, runs)

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


def _builds_on(method: str) -> bool:
    return source.method(method).attributes.get("builds_on") is True


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
        if entry.base and not _builds_on(entry.key):
            raise UserError(f"{where}: method '{entry.key}': base: the method builds on no run; take the base out")
    if study.base and not any(_builds_on(key) for key in keys):
        raise UserError(f"{where}: base: none of its methods builds on a run; take the base out")
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
        own = _variant(study, name)
        for method in own.methods or []:
            if method not in keys:
                raise unknown("method", method, keys, f"{place}.methods")
        if own.base and not any(_builds_on(key) for key in own.methods or keys):
            raise UserError(f"{place}: base: none of its methods builds on a run; take the base out")
        has = {setting for method in own.methods or keys for setting in source.method(method).settings}
        for setting in own.settings:
            if setting not in has:
                raise unknown("setting of its methods", setting, has, place)
    return study


def _variant(study: Study, name: str) -> Variant:
    own = {key: value for key, value in study.variants[name].items() if key in Variant.model_fields}
    return check(Variant, own, f"studies/{study.key}.yaml: variants.{name}")


def _bases(study: Study) -> list[Base]:
    """What the study's runs may build on."""
    entries = [entry.base for entry in study.methods]
    found = [study.base, *entries, *(_variant(study, name).base for name in study.variants)]
    return [base for base in found if base is not None]


def _base(study: Study, variant: str, entry: MethodEntry) -> Base | None:
    """The run that a method builds on in a variant; None for methods that build on none."""
    if not _builds_on(entry.key):
        return None
    base = _variant(study, variant).base or entry.base or study.base
    if base is None:
        raise UserError(
            f"studies/{study.key}.yaml: {variant}/{entry.key}: builds on a trained run; name it as `base: "
            "{study: ..., method: ...}` in the method's line, its variant or the study"
        )
    return base


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Values of `above` over those of `below`, mappings merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if nested else value
    return merged


Runs = dict[tuple[str, str, int], Run]
"""A study's runs by variant, method and seed."""


@dataclass(frozen=True)
class _Cell:
    """One method in one variant, before its seeds are spelled out."""

    variant: str
    entry: MethodEntry
    budget: dict[str, Any]
    settings: dict[str, Any]
    base: Base | None


def _runs(study: Study, params: Params, done: dict[str, Runs]) -> Runs:
    """The study's runs in table order. Those that build on runs of the study itself are made after these."""
    where = f"studies/{study.key}.yaml"
    cells = list(_cells(study, params, where))
    made: dict[str, Runs] = {**done, study.key: {}}
    waiting = cells
    while waiting:
        known = {(variant, method) for variant, method, _ in made[study.key]}
        ready = [c for c in waiting if not c.base or c.base.study != study.key or _place(c.base) in known]
        if not ready:
            _check_own(study, cells, waiting[0], where)
        for cell in ready:
            made[study.key] |= {(r.variant, r.method, r.seed): r for r in _seeds(study, cell, params, made, where)}
        done_with = {(cell.variant, cell.entry.key) for cell in ready}
        waiting = [cell for cell in waiting if (cell.variant, cell.entry.key) not in done_with]
    order = {(cell.variant, cell.entry.key): place for place, cell in enumerate(cells)}
    return dict(sorted(made[study.key].items(), key=lambda item: (order[item[0][:2]], item[0][2])))


def _place(base: Base) -> tuple[str, str]:
    return base.variant, base.method


def _check_own(study: Study, cells: list[_Cell], cell: _Cell, where: str) -> None:
    """Say why a run that builds on its own study has nothing to build on."""
    assert cell.base is not None
    of_variant = [c.entry.key for c in cells if c.variant == cell.base.variant]
    if cell.base.variant not in study.variants:
        raise unknown("variant", cell.base.variant, study.variants, f"{where}: {cell.entry.key}: base")
    if cell.base.method not in of_variant:
        raise unknown("method", cell.base.method, of_variant, f"{where}: {cell.entry.key}: base")
    raise UserError(f"{where}: {cell.variant}/{cell.entry.key}: its base builds on it in a circle")


def _cells(study: Study, params: Params, where: str) -> Iterable[_Cell]:
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
                yield _Cell(variant, entry, values, own.settings, _base(study, variant, entry))


def _seeds(study: Study, cell: _Cell, params: Params, done: dict[str, Runs], where: str) -> Iterable[Run]:
    """The runs of one method in one variant, one a seed."""
    variant, entry, base = cell.variant, cell.entry, cell.base
    schema = budget_of(study.driver, _trains(entry.key))
    info = source.method(entry.key)
    budget = cell.budget
    if schema is PosthocBudget and any(_trains(other.key) for other in study.methods):
        budget = {key: value for key, value in budget.items() if key not in TRAINING}
    checked = check(schema, budget, f"{where}: {variant}/{entry.key}" if entry.budget else f"{where}: {variant}")
    values = checked.model_dump(mode="json", exclude={"seeds"})
    values["dataset"] = checked.dataset or study.dataset
    if isinstance(checked, Training) and not _trains(entry.key):
        values["epochs"] = 0
    reduced = entry.reduced if params.tier in study.reduced else {}
    reads = [values["dataset"]]
    count = params.seeds or checked.seeds
    if base is not None:
        below = _below(base, count, done, where)
        values["base"] = base.model_dump()
        if isinstance(checked, PosthocBudget):
            reads = _inherit(checked, values, below, where)
        else:
            reads.append(below.dataset)
    _fits(checked, values, where)
    resolved = {
        "tier": params.tier,
        "driver": study.driver,
        **values,
        "method": info.resolve({**entry.settings, **reduced, **_known(cell.settings, info)}, where),
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


def _known(settings: dict[str, Any], info: source.MethodInfo) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in info.settings}


def _below(base: Base, count: int, done: dict[str, Runs], where: str) -> Run:
    """The first seed of the run that is built on; UserError where it is not there for all seeds, or has no weights."""
    runs = done[base.study]
    if base.variant not in {variant for variant, _, _ in runs}:
        raise unknown("variant", base.variant, {v for v, _, _ in runs}, f"{where}: base study '{base.study}'")
    methods = {method for variant, method, _ in runs if variant == base.variant}
    if base.method not in methods:
        raise unknown("method", base.method, methods, f"{where}: base study '{base.study}'")
    seeds = sum((variant, method) == _place(base) for variant, method, _ in runs)
    if count > seeds:
        raise UserError(f"{where}: seeds = {count}: the study '{base.study}' it builds on has {seeds}")
    first = runs[base.variant, base.method, 0]
    if not first.trains:
        raise UserError(f"{where}: base: {base.study}/{base.method} has no weights to build on; it is not trained")
    return first


def _inherit(budget: PosthocBudget, values: dict[str, Any], below: Run, where: str) -> list[str]:
    """Take over the base run's data and encoder; return the data sets read."""
    for name in INHERITED:
        if name in budget.model_fields_set:
            raise UserError(f"{where}: '{name}' is the base run's and cannot be set in a post-hoc study")
    values.update({name: below.settings[name] for name in INHERITED})
    reads = [values["dataset"]]
    from pipeline.datasets.outliers import known_outliers

    wild = values.get("wild") or {"outliers": []}
    tested = {*budget.outliers, *budget.validation_outliers}
    for name in [*budget.outliers, *budget.validation_outliers, *wild["outliers"]]:
        if name == "held_out":
            if not values["held_out_classes"]:
                raise UserError(f"{where}: outliers 'held_out' need a base run with held_out_classes")
        elif name in datasets.known():
            reads.append(name)
        elif name not in known_outliers():
            raise unknown("outliers", name, [*known_outliers(), *datasets.known(), "held_out"], where)
    for name in wild["outliers"]:
        if name in tested:
            raise UserError(f"{where}: wild.outliers = {name}: also tested or validated on; train with another kind")
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
    if noise := values.get("label_noise"):
        for flip in noise["flips"]:
            if wrong := [c for c in flip if c >= classes or c in values["held_out_classes"]]:
                raise UserError(f"{where}: label_noise.flips = {flip}: class {wrong[0]} is not trained on")
    if wild := values.get("wild"):
        asked, spare = round(wild["examples"] * (1 - wild["outlier_share"])), examples - (wanted or examples)
        if asked > spare:
            raise UserError(
                f"{where}: wild.examples = {wild['examples']}: {asked} of them are images of the known classes, but "
                f"'{described.key}' has {spare} beyond the base's train_examples"
            )
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
