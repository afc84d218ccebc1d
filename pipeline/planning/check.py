"""What must be true of a study before it is spelled out into runs; a fault is one line with the nearest right name."""

import functools
import re

from pipeline import metrics, protocols
from pipeline.errors import UserError, nearest, unknown
from pipeline.planning import code
from pipeline.planning.model import Study, Variant
from pipeline.schema import check as checked

RULES = frozenset({"all", "datasets", "prepare", "train", "evaluate", "curves", "metrics", "claims", "report"})
"""Names of the Snakefile's rules, which a study cannot have."""


def study(study: Study, where: str) -> None:
    """UserError for the first fault of a study."""
    for part in (_names, _methods, _tiers, _bases, _variants, _figures):
        part(study, where)
    metrics.check(study.metrics, study.further_metrics, code.evidence(study.protocol), where)


def variant(study: Study, name: str) -> Variant:
    """What a variant changes beside the budget."""
    own = {key: value for key, value in study.variants[name].items() if key in Variant.model_fields}
    return checked(Variant, own, f"studies/{study.key}.yaml: variants.{name}")


def _names(study: Study, where: str) -> None:
    for name in (study.key, *study.variants):
        if not re.fullmatch("[a-z0-9_]+", name):
            raise UserError(
                f"{where}: '{name}' must be made of small letters, digits and underscores: it names folders"
            )
    if study.key in RULES:
        raise UserError(
            f"{where}: '{study.key}' is a rule of the Snakefile, which makes a study by its name; rename the file"
        )


def _methods(study: Study, where: str) -> None:
    keys = [entry.key for entry in study.methods]
    kinds = protocols.named(study.protocol, where).KINDS
    for key in keys:
        if key not in code.method_modules():
            raise unknown("method", key, code.method_modules(), where)
        if (kind := code.method(key).kind) not in kinds:
            raise UserError(
                f"{where}: method '{key}' is a {_words(kind)}; protocol '{study.protocol}' takes "
                f"{' and '.join(_words(known) for known in kinds)}"
            )
        if keys.count(key) > 1:
            raise UserError(f"{where}: method '{key}' is listed twice; use variants for its other settings")
    if study.baseline not in keys:
        raise unknown("method", study.baseline, keys, f"{where}: baseline")


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _tiers(study: Study, where: str) -> None:
    for tier in study.reduced:
        if tier not in study.budget:
            raise unknown("tier", tier, study.budget, f"{where}: reduced")
    rates = where.replace(".yaml", ".rates.yaml")
    for tier, chosen in study.rates.items():
        if tier not in study.budget:
            raise unknown("tier", tier, study.budget, rates)
        for key in chosen:
            if key not in {entry.key for entry in study.methods}:
                raise unknown("method", key, [entry.key for entry in study.methods], f"{rates}: {tier}")


def _bases(study: Study, where: str) -> None:
    for entry in study.methods:
        if entry.base and not code.method(entry.key).builds_on:
            raise UserError(f"{where}: method '{entry.key}': base: the method builds on no run; take the base out")
        for name in entry.only or []:
            if name not in study.variants:
                raise unknown("variant", name, study.variants, f"{where}: method '{entry.key}': only")
    if study.base and not any(code.method(entry.key).builds_on for entry in study.methods):
        raise UserError(f"{where}: base: none of its methods builds on a run; take the base out")


def _variants(study: Study, where: str) -> None:
    keys = [entry.key for entry in study.methods]
    budget = protocols.named(study.protocol).Budget.model_fields
    for name, changes in study.variants.items():
        place = f"{where}: variants.{name}"
        for changed in changes.keys() - budget.keys() - Variant.model_fields.keys():
            raise UserError(f"{place}: unknown key '{changed}'{nearest(changed, [*budget, *Variant.model_fields])}")
        own = variant(study, name)
        for key in own.methods or []:
            if key not in keys:
                raise unknown("method", key, keys, f"{place}.methods")
        if own.base and not any(code.method(key).builds_on for key in own.methods or keys):
            raise UserError(f"{place}: base: none of its methods builds on a run; take the base out")
        has = {setting for key in own.methods or keys for setting in code.method(key).settings}
        for setting in own.settings:
            if setting not in has:
                raise unknown("setting of its methods", setting, has, place)


def _figures(study: Study, where: str) -> None:
    known = figures()
    for name in study.figures:
        if name not in known:
            raise unknown("figure", name, known, where)


@functools.cache
def figures() -> tuple[str, ...]:
    """The names of the figures there are: files of pipeline/exhibits/figures/."""
    return tuple(path.stem for path in sorted((code.PACKAGE / "exhibits/figures").glob("[!_]*.py")))
