"""Which variants of a study change one number and nothing else that is not a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

BESIDE = frozenset({"methods", "base", "bases", "seeds"})
"""What a variant may state beside the numbers that it changes."""


@dataclass(frozen=True)
class Sweep:
    """A method's variants by the value of a setting, ascending, the first variant among them."""

    name: str
    """The setting: the last part of its dotted name."""
    along: tuple[str, ...]
    """Settings that change with it."""
    method: str
    points: tuple[tuple[float, str], ...]
    """(value, variant)"""

    @property
    def variants(self) -> tuple[str, ...]:
        return tuple(variant for _, variant in self.points)


def declared(study: "Study") -> bool:
    """Whether any variant can be part of a sweep, as far as the study's file tells."""
    return any(_swept(_changes(changes)) for changes in study.variants.values())


def find(results: "Results") -> list[Sweep]:
    """Sweeps from runs' resolved settings, by setting and then method, in the study's order.

    A variant belongs to the sweep of the setting that it names first, if all that its settings differ in from those of
    the first variant are numbers; where several are, the others are named with it.
    """
    variants = results.variants()
    groups: dict[tuple[str, tuple[str, ...]], dict[str, list[tuple[float, str]]]] = {}
    for variant in variants[1:]:
        stated = list(_changes(results.study.variants[variant]))
        for method in results.methods(variant):
            if (variants[0], method) not in results.cells:
                continue
            here, first = (_flat(results.cells[v, method].runs[0].settings) for v in (variant, variants[0]))
            # a list that is empty, of radii for curves say, leaves something out and sets nothing apart
            changed = {key: here.get(key) for key in {**here, **first} if here.get(key) not in (first.get(key), [])}
            keys = sorted(changed, key=lambda key: (_place(stated, key), key))
            if not _swept(changed) or not _swept({key: first.get(key) for key in keys}):
                continue
            name, *along = (key.rsplit(".", 1)[-1] for key in keys)
            points = groups.setdefault((name, tuple(along)), {}).setdefault(method, [(first[keys[0]], variants[0])])
            points.append((here[keys[0]], variant))
    return [
        Sweep(name, along, method, tuple(sorted(points)))
        for (name, along), methods in groups.items()
        for method, points in methods.items()
    ]


def _swept(changes: Mapping[str, Any]) -> bool:
    return bool(changes) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in changes.values())


def _changes(variant: Mapping[str, Any]) -> dict[str, Any]:
    """What a variant changes, dotted; its methods and seeds are no change, and neither is what it leaves out."""
    found = _flat({key: value for key, value in variant.items() if key not in BESIDE})
    return {key: value for key, value in found.items() if value != []}


def _place(stated: list[str], key: str) -> int:
    """Where the variant names a resolved setting; `settings.x` of a variant is `method.x` of a run."""
    known = [name.replace("settings.", "method.", 1) if name.startswith("settings.") else name for name in stated]
    return known.index(key) if key in known else len(known)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found
