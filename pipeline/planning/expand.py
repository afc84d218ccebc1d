"""Studies spelled out into runs.

A run's id hashes its resolved settings, the recipe of its data, the code it executes and what it builds on. Its folder
carries the id, so nothing stale can be taken for a result and nothing unchanged runs twice. Its training has an id of
its own, without what only evaluation reads: another metric trains nothing.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import metrics, modalities, protocols
from pipeline.budget import Bare, Budget, training_examples
from pipeline.errors import UserError, shown, unknown
from pipeline.files import digest
from pipeline.planning import check, code, data, identity, variants
from pipeline.planning.model import Base, MethodEntry, Params, Run, Study, Variant
from pipeline.schema import check as checked
from pipeline.schema import evaluated

MOST = 100_000
"""Runs in a plan; more are a slip, and would take minutes to be spelled out."""
Runs = dict[tuple[str, str, int], Run]
"""A study's runs by variant, method and seed."""


@dataclass(frozen=True)
class Cell:
    """One method in one variant, before its seeds are spelled out."""

    variant: str
    entry: MethodEntry
    budget: dict[str, Any]
    settings: dict[str, Any]
    bases: Mapping[str, Base]
    """By name; see `variants.below`."""


def runs(studies: Mapping[str, Study], params: Params) -> dict[str, list[Run]]:
    """Every study's runs in table order; studies that others build on are spelled out first."""
    done: dict[str, Runs] = {}

    def expand(key: str, chain: tuple[str, ...] = ()) -> None:
        if key in chain:
            raise UserError(
                f"studies/{key}.yaml: studies build on each other in a circle: {' -> '.join((*chain, key))}"
            )
        if key in done:
            return
        for base in bases(studies[key]):
            if base.study != key:
                expand(base.study, (*chain, key))
        done[key] = _study(studies[key], params, done)

    for key in studies:
        expand(key)
    return {key: list(found.values()) for key, found in done.items()}


def bases(study: Study) -> list[Base]:
    """What the study's runs may build on."""
    named = [*study.methods, *(variants.of(study, name) for name in study.variants)]
    own = [study.base] if study.base else []
    return [*own, *(base for each in named for base in each.below.values())]


def _study(study: Study, params: Params, done: dict[str, Runs]) -> Runs:
    """The study's runs in table order. Those that build on runs of the study itself are made after these."""
    where = f"studies/{study.key}.yaml"
    cells = list(_cells(study, params, where))
    made: dict[str, Runs] = {**done, study.key: {}}
    waiting = cells
    while waiting:
        known = {(variant, method) for variant, method, _ in made[study.key]}
        ready = [c for c in waiting if all(_place(base) in known for base in _within(study, c))]
        if not ready:
            for base in _within(study, waiting[0]):
                if _place(base) not in known:
                    _explain(study, cells, waiting[0], base, where)
        for cell in ready:
            made[study.key] |= {(r.variant, r.method, r.seed): r for r in _seeds(study, cell, params, made, where)}
            if sum(map(len, made.values())) > MOST:
                raise UserError(f"{where}: the plan has more than {MOST} runs; take fewer seeds, variants or methods")
        done_with = {(cell.variant, cell.entry.key) for cell in ready}
        waiting = [cell for cell in waiting if (cell.variant, cell.entry.key) not in done_with]
    order = {(cell.variant, cell.entry.key): place for place, cell in enumerate(cells)}
    return dict(sorted(made[study.key].items(), key=lambda item: (order[item[0][:2]], item[0][2])))


def _within(study: Study, cell: Cell) -> list[Base]:
    """What the cell builds on of its own study."""
    return [base for base in cell.bases.values() if base.study == study.key]


def _place(base: Base) -> tuple[str, str]:
    return base.variant, base.method


def _explain(study: Study, cells: list[Cell], cell: Cell, base: Base, where: str) -> None:
    """Say why a run that builds on its own study has nothing to build on."""
    of_variant = [c.entry.key for c in cells if c.variant == base.variant]
    if base.variant not in study.variants:
        raise unknown("variant", base.variant, study.variants, f"{where}: {cell.entry.key}: base")
    if base.method not in of_variant:
        raise unknown("method", base.method, of_variant, f"{where}: {cell.entry.key}: base")
    raise UserError(f"{where}: {cell.variant}/{cell.entry.key}: its base builds on it in a circle")


def _cells(study: Study, params: Params, where: str) -> Iterable[Cell]:
    if params.tier not in study.budget:
        raise unknown("tier", params.tier, study.budget, where)
    replaced = params.overrides.get(study.key, {})
    tier = variants.merge(study.budget[params.tier], replaced)
    chosen, homes = study.rates.get(params.tier, {}), variants.homes(study, params.tier)
    for name in study.variants:
        own = variants.of(study, name)
        budget = variants.merge(tier, variants.changes(study, name))
        for entry in variants.members(study, name):
            values, settings = variants.merge(budget, entry.budget), own.settings
            if choice := chosen.get(homes.get((name, entry.key), ""), {}).get(entry.key):
                settings = choice.settings | settings
                if variants.rate(replaced) is None:
                    values = variants.merge(values, {"optimizer": {"learning_rate": choice.learning_rate}})
            yield Cell(name, entry, values, settings, _bases(study, own, name, entry))


def _bases(study: Study, own: Variant, variant: str, entry: MethodEntry) -> Mapping[str, Base]:
    """The runs that a method builds on in a variant, by the names that it has for them."""
    found, info = variants.below(study, own, entry), code.method(entry.key)
    place = f"studies/{study.key}.yaml: {variant}/{entry.key}"
    if not info.builds_on:
        return found
    if not info.bases:
        if list(found) != [""]:
            raise UserError(
                f"{place}: builds on a trained run; name it as `base: {{study: ..., method: ...}}` in the method's "
                "line, its variant or the study"
            )
        return found
    if lacking := [name for name in info.bases if name not in found]:
        raise UserError(
            f"{place}: builds on trained runs by the names {', '.join(info.bases)}, and '{lacking[0]}' is missing; "
            "name all as `bases: {name: {study: ..., method: ...}}` in the method's line or its variant"
        )
    if strange := [name for name in found if name not in info.bases]:
        raise unknown("base", strange[0], info.bases, place)
    return {name: found[name] for name in info.bases}


def _seeds(study: Study, cell: Cell, params: Params, done: dict[str, Runs], where: str) -> Iterable[Run]:
    """The runs of one method in one variant, one a seed."""
    entry, info = cell.entry, code.method(cell.entry.key)
    place = f"{where}: {cell.variant}/{entry.key}" if entry.budget else f"{where}: {cell.variant}"
    usual = protocols.named(study.protocol).Budget.model_fields["seeds"].default
    count = params.seeds or checked(_Seeds, {"seeds": cell.budget.get("seeds", usual)}, place).seeds
    named = {name: _below(base, count, done, where) for name, base in cell.bases.items()}
    # what runs take over they take over from the first
    below = next(iter(named.values()), None)
    budget = _budget(study, cell, below, where, place)
    reduced = entry.reduced if params.tier in study.reduced else {}
    values = budget.model_dump(mode="json", exclude={"seeds"})
    if not info.trains and "epochs" in values:
        values["epochs"] = 0
    told = {name: base.model_dump() for name, base in cell.bases.items()}
    if told:
        values |= {"base": told[""]} if "" in told else {"bases": told}
    known = {name: value for name, value in cell.settings.items() if name in info.settings}
    values |= {
        "tier": params.tier,
        "protocol": study.protocol,
        "method": info.resolve({**entry.settings, **reduced, **known}, where),
    }
    if info.trains and values.get("epochs") == 0:
        raise UserError(f"{place}: epochs = 0: method '{info.key}' trains; must be at least 1")
    for each in named.values() or [None]:
        check.requirements(info, {**values["method"], **_facts(budget, each)}, place)
    dataset = values.get("dataset", "")
    own = [key for key in (dataset, *(each.dataset for each in named.values())) if key]
    trained_on, reads = (tuple(dict.fromkeys([*own, *each.reads()])) for each in (_as_trained(budget), budget))
    modality = modalities.name_of(dataset) if dataset else ""
    measured = _measured(tuple(study.measured))
    trained_by = {key: value for key, value in values.items() if key not in budget.not_trained_on()}
    training_code = _training(
        f"{info.module}:{info.name}", study.protocol, modality, values.get("encoder", ""), values.get("watch", False)
    )
    evaluation_code = _evaluation(study.protocol, measured)
    # what all seeds share is hashed once
    recipes = {key: data.recipe(key) for key in reads}
    trained = digest([_without_off(trained_by), training_code, {key: recipes[key] for key in trained_on}])
    evaluated = digest([_without_off(values), measured, evaluation_code, recipes])
    executed = digest([training_code, evaluation_code])
    for seed in range(params.first_seed, params.first_seed + count):
        runs_below = {name: done[base.study][base.variant, base.method, seed] for name, base in cell.bases.items()}
        names = [study.key, dataset, entry.key, cell.variant, seed]
        below_trained = {name: run.training for name, run in runs_below.items()}
        training = digest([*names, trained, below_trained.get("", below_trained or None)])
        yield Run(
            id=digest([training, evaluated]),
            training=training,
            study=study.key,
            dataset=dataset,
            method=entry.key,
            variant=cell.variant,
            seed=seed,
            settings=values,
            needs=tuple(run.id for run in runs_below.values()),
            paper=info.paper,
            code=executed,
            data=digest(recipes),
            recipes=recipes,
            trained_on=trained_on,
            metrics=measured,
            family=info.family,
            name=info.name,
            modality=modality,
        )


def _facts(budget: Bare, below: Run | None) -> dict[str, Any]:
    """What methods may require something of, beside their settings; see `contract.Method.requires`."""
    found = {name: getattr(budget, name) for name in evaluated(type(budget))}
    if not isinstance(budget, Budget) or budget.dataset is None:
        return found
    dataset, described = budget.dataset, data.describe(budget.dataset)
    found |= {
        "batch_size": budget.batch_size,
        "train_examples": training_examples(budget, described),
        "validation_examples": budget.validation_examples,
        "encoder": budget.encoder,
        **_of_data(dataset, budget.held_out_classes),
    }
    if below:
        of_base = _of_data(below.dataset, below.settings["held_out_classes"])
        of_base |= {"kind": code.method(below.method).kind, "encoder": below.settings["encoder"]}
        found |= {f"base_{name}": value for name, value in of_base.items()}
    return found


def _of_data(dataset: str, held_out: list[int]) -> dict[str, Any]:
    described = data.describe(dataset)
    return {"num_classes": len(described.classes) - len(held_out), "shape": described.shape}


class _Seeds(Bare):
    """Of a budget, only the number of seeds."""


def _budget(study: Study, cell: Cell, below: Run | None, where: str, place: str) -> Bare:
    """The cell's budget by its protocol's schema, with what is inherited, checked against the data set."""
    protocol, info = protocols.named(study.protocol), code.method(cell.entry.key)
    values = cell.budget
    if not protocols.reads_data(study.protocol):
        bare: Bare = checked(protocol.Budget, values, place)
        return bare
    whole: type[Budget] = protocol.Budget
    schema: type[Budget] = whole if info.trains else getattr(protocol, "UntrainedBudget", whole)
    if schema is not whole and any(code.method(other.key).trains for other in study.methods):
        values = {
            key: value for key, value in values.items() if key not in whole.model_fields.keys() - schema.model_fields
        }
    inherited = getattr(protocol, "INHERITED", ())
    for name in inherited:
        if name in values:
            raise UserError(f"{where}: '{name}' is the base run's and cannot be set in this study")
    if inherited:
        if below is None:
            raise UserError(
                f"{place}: method '{info.key}' builds on no run, and the study scores what others have trained"
            )
        values = {**values, **{name: below.settings[name] for name in inherited}}
    dataset = study.dataset if values.get("dataset") is None else values["dataset"]
    if not isinstance(dataset, str):
        raise UserError(f"{place}: dataset = {shown(dataset)}: input should be a valid string")
    modality = modalities.name_of(dataset, where)
    takes = getattr(protocol, "MODALITIES", (modality,))
    if modality not in takes:
        raise UserError(
            f"{where}: dataset = '{dataset}': holds {modality}; protocol '{study.protocol}' is for "
            f"{' and '.join(takes)}"
        )
    made = checked(check.of_modality(schema, modality), {**values, "dataset": dataset}, place)
    for stream in info.streams:
        if stream not in made.streams():
            raise UserError(
                f"{place}: method '{info.key}' reads the stream '{stream}', which the study does not have; "
                f"{_streams(made)}"
            )
    if getattr(made, "watch", False) and "watch" not in code.defines(f"pipeline.protocols.{study.protocol}.run"):
        raise UserError(f"{place}: watch: protocol '{study.protocol}' cannot watch epochs; take it out")
    made.check(data.describe(dataset), where)
    check.encoder(made.encoder, modality, where)
    return made


def _streams(budget: Bare) -> str:
    return f"it has {', '.join(budget.streams())}" if budget.streams() else "it has none beside the training set"


def _below(base: Base, count: int, done: dict[str, Runs], where: str) -> Run:
    """The first seed of the run that is built on; UserError where it is not there for all seeds, or has no weights."""
    runs = done[base.study]
    variants = {variant for variant, _, _ in runs}
    if base.variant not in variants:
        raise unknown("variant", base.variant, variants, f"{where}: base study '{base.study}'")
    methods = {method for variant, method, _ in runs if variant == base.variant}
    if base.method not in methods:
        raise unknown("method", base.method, methods, f"{where}: base study '{base.study}'")
    seeds = sum((variant, method) == _place(base) for variant, method, _ in runs)
    if count > seeds:
        raise UserError(f"{where}: seeds = {count}: the study '{base.study}' it builds on has {seeds}")
    first = next(run for (variant, method, _), run in runs.items() if (variant, method) == _place(base))
    if not first.trains:
        raise UserError(f"{where}: base: {base.study}/{base.method} has no weights to build on; it is not trained")
    return first


@functools.cache
def _training(method: str, protocol: str, modality: str, encoder: str, watch: bool) -> str:
    """The digest of what trains: the method (module:class), the loop, and what protocol and modality do of it.

    Where no data are read nothing is trained, and it is the method's.
    """
    if not modality:
        return identity.digest(method)
    run = f"pipeline.protocols.{protocol}.run"
    own = [f"{run}:{name}" for name in ("prepare", "phases", *(["watch"] if watch else []))]
    kind = f"pipeline.modalities.{modality}"
    views = [f"{kind}.run:{name}" for name in ("share", "Views", "encoder")]
    loop = ["pipeline.training.loop:fit", "pipeline.training.job:make"]
    return identity.digest(method, *own, *loop, *views, f"{kind}.encoders.{encoder}")


@functools.cache
def _evaluation(protocol: str, measured: tuple[str, ...]) -> str:
    """The digest of what evaluates beside what trains: the protocol's evidence and the study's metrics."""
    computed = [f"pipeline.metrics.{name}:compute" for name in measured]
    evaluate = "pipeline.training.evidence:evaluate"
    return identity.digest(f"pipeline.protocols.{protocol}.run:Evidence", evaluate, *computed)


@functools.cache
def _measured(names: tuple[str, ...]) -> tuple[str, ...]:
    """The metrics' files, sorted: neither their order nor which of a file's values a table shows changes a result."""
    return tuple(sorted({metrics.describe(name).name for name in names}))


def _as_trained(budget: Bare) -> Bare:
    """The budget with what only evaluation reads left at its defaults."""
    fields = type(budget).model_fields
    return budget.model_copy(update={name: fields[name].get_default() for name in budget.not_trained_on()})


def _without_off(value: Any) -> Any:
    """Settings without those that are off (null, 0, false, empty): a new setting that is off changes no id."""
    if isinstance(value, dict):
        return {key: _without_off(inner) for key, inner in value.items() if inner}
    return value
