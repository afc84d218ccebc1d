"""The plan: a pure function from params.yaml, studies/, papers/ and the sources to the runs."""

import contextlib
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import UserError, nearest, unknown
from pipeline.files import matching
from pipeline.planning import check, data, expand, papers, search, suffixes
from pipeline.planning.model import Paper, Params, Plan, Rates, Run, Study
from pipeline.planning.scope import Scope
from pipeline.publishing import store
from pipeline.schema import check as checked
from pipeline.yaml_files import read_yaml, retyped, yaml_files

PARAMS = "params.yaml"
RATES = ".rates"
"""Before the ending of a file with a study's searched learning rates, which lies beside the study."""


def load(
    root: Path = Path(),
    overrides: dict[str, Any] | None = None,
    only: str | None = None,
    option: str = "--set",
    anew: str | None = None,
) -> Plan:
    """The plan of the project at `root`.

    overrides: values in place of params.yaml's (`{"tier": "gpu"}`), given by the command's `option`.
    only: plan just this study and those it builds on, for commands that concern one run.
    anew: a study whose published results are about to be written, and are not looked at.
    Raises UserError, one line, for anything wrong in params.yaml, studies/ or a method's source.
    """
    data.look_again()
    params, place = _params(root, overrides or {}, option)
    available = [*written(root), *(key + search.ENDING for key in written(root))]
    for where, names in ((place("studies"), params.studies), (place("overrides"), params.overrides), ("", [only])):
        for name in names:
            if name is not None and name not in available:
                raise unknown("study", name, available, where)
    for path in sorted((root / "studies").glob(f"*{RATES}.yaml")):
        if (key := path.stem.removesuffix(RATES)) not in available:
            raise unknown("study", key, available, f"studies/{path.name}")
    wanted = [only] if only else list(params.studies)
    studies: dict[str, Study] = {}
    while wanted:
        key = wanted.pop(0)
        if key not in studies:
            studies[key] = study(root, key, params.tier)
            for base in expand.bases(studies[key]):
                if base.study not in available:
                    raise unknown("study", base.study, available, f"studies/{key}.yaml: base")
                wanted.append(base.study)
    stated: dict[str, Paper] | None = None
    if only is None:
        # against all studies that are written down, since a claim may test one that is not asked for today
        known = {key: studies.get(key) or study(root, key, params.tier) for key in written(root)}
        stated = papers.load(root)
        papers.check(stated, known)
    runs = _expanded(studies, params, place)
    for key in studies.keys() & set(written(root)):
        suffixes.check(studies[key], runs[key], f"studies/{key}.yaml")
    order = [key for key in params.studies if key in studies] + [key for key in studies if key not in params.studies]
    listed = {key: studies[key] for key in order}
    planned = tuple(run for key in order for run in runs[key])
    every = (lambda: papers.load(root)) if stated is None else (lambda: stated)
    return Plan(params.tier, listed, planned, Scope(listed, planned, params, root, every, anew))


_remembered: list[tuple[Any, Plan]] = []


def remember(root: Path, overrides: dict[str, Any]) -> None:
    """Plan all studies for `remembered`; nothing where that fails."""
    _remembered.clear()
    with contextlib.suppress(UserError, OSError):
        seen = _seen(root, overrides)
        _remembered.append((seen, load(root, overrides)))


def remembered(root: Path, overrides: dict[str, Any], study: str) -> Plan | None:
    """The plan that this process, or the one it was forked from, remembers, where that is what `load` would find.

    None where it was another one, has no such study, or where its files have changed. The sources are not looked at,
    since a process reads them once.
    """
    data.look_again()
    for seen, plan in _remembered:
        with contextlib.suppress(UserError, OSError):
            same = seen == _seen(root, overrides) and plan.recipes == {key: data.recipe(key) for key in plan.recipes}
            return plan if same and study in plan.studies else None
    return None


def _seen(root: Path, overrides: dict[str, Any]) -> Any:
    """What a plan is made of, apart from sources and data sets."""
    paths = [root / PARAMS, *(path for folder in ("studies", "papers") for path in matching(root / folder, "*"))]
    paths += matching(root / store.FOLDER, "*/*")
    states = [(str(path), path.stat()) for path in paths]
    return json.dumps(overrides, sort_keys=True), [(path, state.st_mtime_ns, state.st_size) for path, state in states]


def _params(root: Path, overrides: dict[str, Any], option: str) -> tuple[Params, Callable[[str], str]]:
    """params.yaml with what replaces its values, and for each key where its value stands."""
    told = read_yaml(root / PARAMS)
    params = checked(Params, told, PARAMS)
    changed = _changed(overrides, told)
    if changed:
        params = checked(Params, {**told, **changed}, option)
    return params, lambda key: option if key in changed else PARAMS


def _expanded(studies: dict[str, Study], params: Params, place: Callable[[str], str]) -> dict[str, list[Run]]:
    """The runs; an error that is gone without an override is the override's, not the study's."""
    try:
        return expand.runs(studies, params)
    except UserError as error:
        for name, nothing in (("overrides", {}), ("seeds", None)):
            if getattr(params, name) == nothing:
                continue
            try:
                expand.runs(studies, params.model_copy(update={name: nothing}))
            except UserError:
                continue
            study, _, fault = str(error).removeprefix("studies/").partition(".yaml: ")
            if name == "overrides" and study in params.overrides:
                raise UserError(f"{place(name)}: overrides.{study}: {fault}") from None
            raise UserError(f"{place(name)}: {name}: {error}") from None
        raise


def written(root: Path) -> list[str]:
    """The keys of the studies that are written down, sorted."""
    return [path.stem for path in yaml_files(root / "studies") if not path.stem.endswith(RATES)]


def study(root: Path, key: str, tier: str) -> Study:
    """A study, checked, with its searched rates; where the key asks for a search, the study that searches."""
    if key not in written(root) and key.endswith(search.ENDING):
        return search.study_of(study(root, key.removesuffix(search.ENDING), tier), tier)
    where = f"studies/{key}.yaml"
    if key.endswith(search.ENDING):
        raise UserError(f"{where}: a study so named is the search of another one's learning rates; rename the file")
    found = read_yaml(root / where)
    if "rates" in found:
        raise UserError(
            f"{where}: unknown key 'rates'; they stand in studies/{key}{RATES}.yaml, which the search writes"
        )
    if "driver" in found and "protocol" in found:
        raise UserError(f"{where}: 'driver' is the older spelling of 'protocol'; keep one")
    for kept in found.keys() - allowed():
        raise UserError(f"{where}: unknown key '{kept}'{nearest(kept, allowed())}")
    of_rates = f"studies/{key}{RATES}.yaml"
    rates = checked(Rates, read_yaml(root / of_rates) if (root / of_rates).exists() else {}, of_rates)
    made = checked(Study, {**found, "key": key, "rates": rates.root}, where)
    check.study(made, where)
    return made


def allowed() -> set[str]:
    """The keys that a study's file may have."""
    return (Study.model_fields.keys() | {"driver"}) - {"key", "rates"}


def flags(config: dict[str, Any], root: Path = Path()) -> str:
    """The `--set` options that make a command plan what a call with these values plans."""
    changed = _changed(config, read_yaml(root / PARAMS))
    return " ".join(f"--set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in sorted(changed.items()))


def configured(config: dict[str, Any]) -> dict[str, Any]:
    """The values of Snakemake's `--config`, which leaves all that lies within lists and mappings as text."""
    return {key: value if isinstance(value, str) else retyped(value) for key, value in config.items()}


def _changed(values: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Of the values, those that are not params.yaml's own."""
    return {key: value for key, value in values.items() if key not in told or told[key] != value}
