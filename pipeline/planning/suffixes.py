"""The values of a metric beside the plain one: whether anything in a study's runs gives numbers for a suffixed name."""

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline import metrics, protocols
from pipeline.errors import UserError, nearest
from pipeline.planning import code
from pipeline.planning.model import Run, Study
from pipeline.schema import evaluated


def check(study: Study, runs: Iterable[Run], where: str) -> None:
    """UserError for a metric such as `linear_top1_5pct` whose suffix none of the study's runs can give.

    A suffix stands for a number or a name in the settings of evaluation (a share of the labels, a radius, a kind of
    outliers), or is a text in the code of the metric, of the protocol, or of the methods' further features.
    """
    suffixed = [(name, metrics.describe(name).name) for name in study.measured]
    suffixed = [(name, plain) for name, plain in suffixed if name != plain]
    if not suffixed:
        return
    settings = {id(run.settings): run.settings for run in runs}.values()
    read = evaluated(protocols.named(study.protocol).Budget)
    leaves = {leaf for each in settings for key in read & each.keys() for leaf in _leaves(each[key])}
    stated = {suffix for leaf in leaves for suffix in _spelled(leaf)}
    features = frozenset().union(*(_features(entry.key) for entry in study.methods))
    written = _texts(code.module_path(f"pipeline.protocols.{study.protocol}.run"))
    for name, plain in suffixed:
        suffix = name.removeprefix(f"{plain}_")
        if suffix not in stated | features | written | _texts(code.module_path(f"pipeline.metrics.{plain}")):
            close = nearest(suffix, features)
            raise UserError(f"{where}: metric '{name}': nothing measures {plain} as '{suffix}'{close}")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(part)
    else:
        yield value


def _spelled(leaf: Any) -> list[str]:
    """How metrics' names spell a setting: 0.05 is `0_05`, or as a share `5pct`."""
    if isinstance(leaf, int | float) and not isinstance(leaf, bool):
        return [text.replace(".", "_") for text in (f"{leaf:g}", f"{100 * leaf:g}pct")]
    return [leaf] if isinstance(leaf, str) else []


@functools.cache
def _features(method: str) -> frozenset[str]:
    """The names of a method's further features, as far as they stand in its code."""
    info = code.method(method)
    classes = [node for _, node in code.lineage(info.module, info.name)]
    parts = [part for node in classes for part in node.body if getattr(part, "name", "") == "further_features"]
    named = [node for part in parts for node in ast.walk(part) if isinstance(node, ast.Dict)]
    return frozenset(text for node in named for key in node.keys if key for text in _constants(key))


@functools.cache
def _texts(path: Path | None) -> frozenset[str]:
    """The texts in a file and in those that it imports."""
    assert path is not None
    return frozenset(text for each in (path, *code.imported(path)) for text in _constants(code.tree(each)))


def _constants(tree: ast.AST) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
