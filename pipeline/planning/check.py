"""What must be true of a study before it is spelled out into runs; a fault is one line with the nearest right name."""

import ast
import functools
from collections.abc import Mapping
from typing import Any

from pydantic import create_model

from pipeline import lookup, metrics, modalities, protocols
from pipeline.budget import Budget
from pipeline.errors import UserError, nearest, shown, unknown
from pipeline.planning import code, variants
from pipeline.planning.model import Study, Variant
from pipeline.schema import check_part

RULES = frozenset({"all", "datasets", "prepare", "train", "evaluate", "score", "curves", "metrics", "claims", "report"})
"""Names of the Snakefile's rules, which a study cannot have."""
MADE = ("prepare_", "curves_", "trained_", "metrics_", "evaluated_", "table_")
"""Beginnings of those that the Snakefile makes, one a study or data set."""
FOLDERS = frozenset({"data", "docs", "logs", "papers", "pipeline", "profiles", "results", "runs", "studies", "trained"})
"""Names of the project's folders: as the target of a command a study must not be taken for one."""


def study(study: Study, where: str) -> None:
    """UserError for the first fault of a study."""
    for part in (_names, _methods, _tiers, _searches, _bases, _variants, _places, _resolutions, _rates, _figures):
        part(study, where)
    metrics.check(study.metrics, study.further_metrics, code.evidence(study.protocol), where)


def requirements(method: code.MethodInfo, values: Mapping[str, Any], where: str) -> None:
    """UserError where a comparison that the method requires does not hold of these values, by name."""
    for text in method.requires:
        names = sorted({node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)})
        if unknown_names := [name for name in names if name not in values and name not in FUNCTIONS]:
            raise unknown("name", unknown_names[0], values, f"{method.module}: requires '{text}'")
        # the text is a part of the project's own code, as a method's formulas are
        if not eval(text, {"__builtins__": FUNCTIONS}, dict(values)):
            given = ", ".join(f"{name} = {shown(values[name])}" for name in names if name in values)
            raise UserError(f"{where}: method '{method.key}' requires {text}; here {given}")


FUNCTIONS = {"min": min, "max": max, "round": round, "len": len}


@functools.cache
def of_modality(schema: type[Budget], modality: str) -> type[Budget]:
    """A protocol's budget with the modality's schema of views, where it has any."""
    augmentation = modalities.package(modality).Augmentation
    made: type[Budget] = create_model(schema.__name__, __base__=schema, augmentation=(augmentation, augmentation()))
    return made


def encoder(name: str, modality: str, where: str) -> None:
    """UserError with the nearest right name for an encoder that the modality does not have."""
    if name not in (known := _encoders(modality)):
        raise unknown("encoder", name, known, where)


@functools.cache
def _encoders(modality: str) -> list[str]:
    folder = code.PACKAGE / "modalities" / modality / "encoders"
    return [path.stem for path in lookup.keys(folder.glob("*.py"), "encoder")]


def _names(study: Study, where: str) -> None:
    for name in (study.key, *study.variants):
        if not lookup.is_key(name):
            raise UserError(f"{where}: {shown(name)} names folders: it must be made of {lookup.SPELLING}")
    if study.key in RULES | FOLDERS or study.key.startswith(MADE):
        kind = "folder of the project" if study.key in FOLDERS else "rule of the Snakefile"
        raise UserError(f"{where}: '{study.key}' is a {kind}, and a study is made by its name; rename the file")
    _data(study, where)
    for name in study.further_metrics:
        if name in study.metrics:
            raise UserError(f"{where}: further_metrics: '{name}' is among the metrics already; keep one")


def _data(study: Study, where: str) -> None:
    """Whether it has a data set, a baseline and a table's columns where its protocol reads data, and none where not."""
    if protocols.reads_data(study.protocol, where):
        for name in ("dataset", "baseline"):
            if getattr(study, name) is None:
                raise UserError(f"{where}: '{name}' is missing")
        if not study.metrics:
            raise UserError(f"{where}: metrics = {{}}: must have one or more, the table's columns")
        modalities.name_of(str(study.dataset), where)
    elif study.dataset is not None:
        raise UserError(
            f"{where}: dataset = '{study.dataset}': protocol '{study.protocol}' reads none, its methods draw what they "
            "need; take it out"
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
    for role, named in (("baseline", study.baseline), ("floor", study.floor)):
        if named is not None and named not in keys:
            raise unknown("method", named, keys, f"{where}: {role}")


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _tiers(study: Study, where: str) -> None:
    schema = protocols.named(study.protocol).Budget
    for tier, budget in study.budget.items():
        place = f"{where}: budget.{tier}"
        check_part(schema, budget, place)
        if not protocols.reads_data(study.protocol):
            continue
        modality = modalities.name_of(str(budget.get("dataset") or study.dataset), place)
        check_part(of_modality(schema, modality), budget, place)
        if "encoder" in budget:
            encoder(budget["encoder"], modality, place)
    for key, tiers in (("reduced", study.reduced), ("search", study.search)):
        for tier in tiers:
            if tier not in study.budget:
                raise unknown("tier", tier, study.budget, f"{where}: {key}")
    idle = next((entry.key for entry in study.methods if entry.reduced), None)
    if idle is not None and not study.reduced:
        raise UserError(
            f"{where}: methods: '{idle}' has settings in `reduced`, but no tier is; name tiers in the study's `reduced`"
        )


def _searches(study: Study, where: str) -> None:
    trained = [entry.key for entry in study.methods if code.method(entry.key).trains]
    for tier, search in study.search.items():
        for key, metric in search.by.items():
            place = f"{where}: search.{tier}.by"
            if key not in trained:
                raise unknown("method that trains", key, trained, place)
            if metric not in study.measured:
                raise unknown("metric", metric, study.measured, place)
            if metrics.describe(metric).direction is None:
                raise UserError(
                    f"{place}.{key} = '{metric}': neither is better; choose one of {', '.join(study.metrics)}"
                )
        for key, tried in search.settings.items():
            place = f"{where}: search.{tier}.settings"
            if key not in trained:
                raise unknown("method that trains", key, trained, place)
            for name, values in tried.items():
                for value in values:
                    code.method(key).resolve({name: value}, f"{place}.{key}")


def _rates(study: Study, where: str) -> None:
    where = where.replace(".yaml", ".rates.yaml")
    for tier, by_variant in study.rates.items():
        if tier not in study.budget:
            raise unknown("tier", tier, study.budget, where)
        homes = variants.homes(study, tier)
        for name, chosen in by_variant.items():
            if name not in study.variants:
                raise unknown("variant", name, study.variants, f"{where}: {tier}")
            trained = [key for variant, key in homes if variant == name]
            for key, choice in chosen.items():
                place = f"{where}: {tier}.{name}"
                if key not in trained:
                    raise unknown("method", key, trained, place)
                if (home := homes[name, key]) != name:
                    raise UserError(
                        f"{place}: {key}: trains by the steps of variant '{home}' and has the rate from there; "
                        "take the line out"
                    )
                for tried in (choice, *choice.further):
                    code.method(key).resolve(tried.settings, f"{place}.{key}")


def _bases(study: Study, where: str) -> None:
    for entry in study.methods:
        if entry.below and not code.method(entry.key).builds_on:
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
        own = variants.of(study, name)
        for key in own.methods or []:
            if key not in keys:
                raise unknown("method", key, keys, f"{place}.methods")
        if own.below and not any(code.method(key).builds_on for key in own.methods or keys):
            raise UserError(f"{place}: base: none of its methods builds on a run; take the base out")
        has = {setting for key in own.methods or keys for setting in code.method(key).settings}
        for setting in own.settings:
            if setting not in has:
                raise unknown("setting of its methods", setting, has, place)


def _places(study: Study, where: str) -> None:
    """Whether there are the cells and metrics that phenomena, core and ceiling name."""
    named = [(f"{where}: core", variant, method) for variant, keys in study.core.items() for method in keys]
    if study.ceiling:
        named.append((f"{where}: ceiling", study.ceiling.variant, study.ceiling.method))
    ids = [each.id for each in study.phenomena]
    for each in study.phenomena:
        place = f"{where}: phenomenon '{each.id}'"
        if ids.count(each.id) > 1:
            raise UserError(f"{place}: is stated twice; give one another id")
        for side in each.sides:
            if not {side.metric, metrics.describe(side.metric, place).name} & set(study.measured):
                raise unknown("metric", side.metric, study.measured, place)
            named.append((place, side.variant, side.method))
    for place, variant, method in named:
        if variant not in study.variants:
            raise unknown("variant", variant, study.variants, place)
        if method not in (there := [entry.key for entry in variants.members(study, variant)]):
            raise unknown(f"method in variant '{variant}'", method, there, place)


def _resolutions(study: Study, where: str) -> None:
    for name in study.resolution:
        if name not in study.measured:
            raise unknown("metric", name, study.measured, f"{where}: resolution")


def _figures(study: Study, where: str) -> None:
    known = figures()
    for name in study.figures:
        if name not in known:
            raise unknown("figure", name, known, where)


@functools.cache
def figures() -> tuple[str, ...]:
    """The names of the figures there are: files of pipeline/exhibits/figures/."""
    return tuple(path.stem for path in lookup.keys((code.PACKAGE / "exhibits/figures").glob("*.py"), "figure"))
