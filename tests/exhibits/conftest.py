"""Fabricated results of two plans: a small one with every exhibit, and one study of many methods and variants."""

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
        tables.write(cells.Results(plan, study, root))
        figures.write(cells.Results(plan, study, root))
    claims.write(plan, kit.papers(), root)
    report.write(plan, kit.papers(), root)
    return SimpleNamespace(root=root, plan=plan)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A root with the runs of a large study, and its results."""
    root, plan = tmp_path_factory.mktemp("large"), kit.plan(entries=[kit.large(14)])
    kit.write(root, plan)
    return SimpleNamespace(root=root, plan=plan, results=cells.Results(plan, "ssl", root))
