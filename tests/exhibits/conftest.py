"""Fabricated results of two plans: a small one with every exhibit, and one study of many methods and variants."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.exhibits import cells, claims, figures, report, tables
from tests.kit import exhibits as kit


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A root with every exhibit of the small plan."""
    root, plan = tmp_path_factory.mktemp("recount"), kit.plan()
    kit.write(root, plan)
    for study in plan.studies:
        tables.write(cells.Results(plan, study, root), {})
        figures.write(cells.Results(plan, study, root))
    claims.write(plan, kit.papers(), root)
    report.write(plan, kit.papers(), root)
    return SimpleNamespace(root=root, plan=plan)


PHENOMENA = [
    {"id": "learned", "statement": "DCL learns.", "metric": "linear_top1", "method": "dcl", "than": "random_encoder",
     "above": 20},
    {"id": "hard", "statement": "SwAV does not solve it.", "metric": "linear_top1", "method": "swav", "below": 95},
]  # fmt: skip


@pytest.fixture(scope="session")
def published(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A root with the same runs, all of them published, and the plan that makes them all the same. Two studies have a
    floor, the self-supervised one phenomena and a resolution too."""
    root = tmp_path_factory.mktemp("published")
    for name in ("runs", "data"):
        (root / name).symlink_to(made.root / name)
    ssl, classification, ood = kit.STUDIES
    ssl = {**ssl, "phenomena": PHENOMENA, "floor": "random_encoder", "resolution": {"linear_top1": 5.0}}
    plan = kit.plan(entries=[ssl, {**classification, "floor": "label_smoothing"}, ood])
    there = {key: kit.publish(root, plan, key) for key in plan.studies}
    return SimpleNamespace(root=root, plan=replace(plan, published=there))


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A root with the runs of a large study, and its results."""
    root, plan = tmp_path_factory.mktemp("large"), kit.plan(entries=[kit.large(14)])
    kit.write(root, plan)
    return SimpleNamespace(root=root, plan=plan, results=cells.Results(plan, "ssl", root))
