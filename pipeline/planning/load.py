"""The plan: a pure function from params.yaml, studies/, papers/ and the sources to the runs."""

import json
import shlex
from pathlib import Path
from typing import Any

from pipeline.errors import UserError, nearest, unknown
from pipeline.planning import check, expand, papers, search
from pipeline.planning.model import Params, Plan, Study
from pipeline.schema import check as checked
from pipeline.schema import read_yaml

RATES = ".rates"
"""Before the ending of a file with a study's searched learning rates, which lies beside the study."""


def load(root: Path = Path(), overrides: dict[str, Any] | None = None, only: str | None = None) -> Plan:
    """The plan of the project at `root`.

    overrides: values in place of params.yaml's (`{"tier": "gpu"}`).
    only: plan just this study and those it builds on, for commands that concern one run.
    Raises UserError, one line, for anything wrong in params.yaml, studies/ or a method's source.
    """
    params = checked(Params, {**read_yaml(root / "params.yaml"), **(overrides or {})}, "params.yaml")
    available = [*written(root), *(key + search.ENDING for key in written(root))]
    for name in [*params.studies, *params.overrides, *([only] if only else [])]:
        if name not in available:
            raise unknown("study", name, available, "params.yaml")
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
    if only is None:
        # against all studies that are written down, since a claim may test one that is not asked for today
        known = {key: studies.get(key) or study(root, key, params.tier) for key in written(root)}
        papers.check(papers.load(root), known)
    runs = expand.runs(studies, params)
    order = [key for key in params.studies if key in studies] + [key for key in studies if key not in params.studies]
    return Plan(params.tier, {key: studies[key] for key in order}, tuple(run for key in order for run in runs[key]))


def written(root: Path) -> list[str]:
    """The keys of the studies that are written down, sorted."""
    return sorted(path.stem for path in (root / "studies").glob("*.yaml") if not path.stem.endswith(RATES))


def study(root: Path, key: str, tier: str) -> Study:
    """A study, checked, with its searched rates; where the key asks for a search, the study that searches."""
    if key not in written(root) and key.endswith(search.ENDING):
        return search.study_of(study(root, key.removesuffix(search.ENDING), tier), tier)
    where = f"studies/{key}.yaml"
    found = read_yaml(root / where)
    if "rates" in found:
        raise UserError(
            f"{where}: unknown key 'rates'; they stand in studies/{key}{RATES}.yaml, which the search writes"
        )
    if "driver" in found and "protocol" in found:
        raise UserError(f"{where}: 'driver' is the older spelling of 'protocol'; keep one")
    for kept in found.keys() - allowed():
        raise UserError(f"{where}: unknown key '{kept}'{nearest(kept, allowed())}")
    rates = root / f"studies/{key}{RATES}.yaml"
    made = checked(Study, {**found, "key": key, "rates": read_yaml(rates) if rates.exists() else {}}, where)
    check.study(made, where)
    return made


def allowed() -> set[str]:
    """The keys that a study's file may have."""
    return (Study.model_fields.keys() | {"driver"}) - {"key", "rates"}


def flags(config: dict[str, Any], root: Path = Path()) -> str:
    """The `--set` options that make a command plan what a call with these values plans."""
    told = read_yaml(root / "params.yaml")
    changed = {key: value for key, value in config.items() if key not in told or told[key] != value}
    return " ".join(f"--set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in sorted(changed.items()))
