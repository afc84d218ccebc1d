"""Figures, one module each, found by folder: the module's name is the figure's.

A module says which studies it draws for (`applies`), what it shows (`caption`), and draws it (`draw`). It imports
matplotlib and numpy only inside `draw`, because the Snakefile asks for the names. A declared figure is always
written; where the runs lack the data it says so instead of showing an empty frame.
"""

import importlib
import io
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pipeline.errors import unknown

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def available() -> list[str]:
    return sorted(entry.name for entry in pkgutil.iter_modules(__path__) if not entry.name.startswith("_"))


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name}")


def names(study: "Study") -> list[str]:
    """The study's figures: those that apply to it, and those it asks for; UserError for one that does not exist."""
    known = available()
    for name in study.figures:
        if name not in known:
            raise unknown("figure", name, known, f"studies/{study.key}.yaml")
    return [name for name in known if name in study.figures or module(name).applies(study)]


def write(results: "Results") -> list[Path]:
    """Write results/figures/<study>-<name>.svg and .png for each of the study's figures; return their paths."""
    return [path for name in names(results.study) for path in _write(name, results)]


def _write(name: str, results: "Results") -> list[Path]:
    import matplotlib

    from pipeline.exhibits.figures import _style
    from pipeline.files import write_bytes

    drawn = f"{results.study.key}-{name}"
    paths = [results.root / "results" / "figures" / f"{drawn}.{suffix}" for suffix in ("svg", "png")]
    with _style.applied(drawn):
        figure = module(name).draw(results)
        figure.draw_without_rendering()
        # laid out once, which is most of the time that many panels take: with "none", each saving would draw twice
        with matplotlib.rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False}):
            figure.set_layout_engine(None)
        for path, metadata in zip(paths, ({"Date": None, "Creator": None}, {"Software": None}), strict=True):
            content = io.BytesIO()  # written here: what draws hides why a write failed
            figure.savefig(content, format=path.suffix[1:], metadata=metadata)
            write_bytes(path, content.getvalue())
    return paths
