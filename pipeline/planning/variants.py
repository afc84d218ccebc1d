"""The variants of a study: what each changes, its methods, and where their learning rates are searched."""

from typing import Any

from pipeline import protocols
from pipeline.planning import code
from pipeline.planning.model import Base, MethodEntry, Study, Variant
from pipeline.schema import check as checked
from pipeline.schema import steps


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Values of `above` over those of `below`, mappings merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if nested else value
    return merged


def of(study: Study, name: str) -> Variant:
    """What a variant changes beside the budget."""
    own = {key: value for key, value in study.variants[name].items() if key in Variant.model_fields}
    return checked(Variant, own, f"studies/{study.key}.yaml: variants.{name}")


def changes(study: Study, name: str) -> dict[str, Any]:
    """What a variant changes of the budget."""
    return {key: value for key, value in study.variants[name].items() if key not in Variant.model_fields}


def members(study: Study, name: str) -> list[MethodEntry]:
    """The lines of a variant's methods, in the study's order."""
    methods = of(study, name).methods
    if methods is None:
        return [entry for entry in study.methods if not entry.only or name in entry.only]
    return [entry for entry in study.methods if entry.key in methods]


def below(study: Study, own: Variant, entry: MethodEntry) -> dict[str, Base]:
    """The runs that a method builds on in a variant, by name: those of the variant, the method's line, the study.

    Empty for a method that builds on none, and where none is named.
    """
    if not code.method(entry.key).builds_on:
        return {}
    return own.below or entry.below or ({"": study.base} if study.base else {})


def rate(budget: dict[str, Any]) -> float | None:
    """The learning rate that a budget states; None where it states none."""
    optimizer = budget.get("optimizer")
    found = optimizer.get("learning_rate") if isinstance(optimizer, dict) else None
    return float(found) if isinstance(found, int | float) and found > 0 else None


def homes(study: Study, tier: str) -> dict[tuple[str, str], str]:
    """Variant and method -> the method's first variant with the same steps of training, where its rate is searched.

    What changes the steps the protocol's budget says. Methods that do not train have none.
    """
    schema = protocols.named(study.protocol).Budget
    stepping = {name: schema.model_fields[name].get_default() for name in sorted(steps(schema))}
    first: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], str] = {}
    for name in study.variants:
        budget = {"dataset": study.dataset} | merge(study.budget[tier], changes(study, name))
        trained = str([budget.get(field, default) for field, default in stepping.items()])
        for entry in members(study, name):
            if code.method(entry.key).trains:
                found[name, entry.key] = first.setdefault((trained, entry.key), name)
    return found
