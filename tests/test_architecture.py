"""Which room may import which others, and that names stand where they belong; docs/architecture.md draws the same."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from pipeline import modalities, protocols
from pipeline.planning import code, load
from pipeline.planning.model import Paper
from tests.kit import project

PACKAGE = code.PACKAGE
FOUNDATION = {"errors", "files", "lookup", "schema", "seeds"}
ALLOWED = {
    "errors": set(),
    "lookup": {"errors"},
    "seeds": set(),
    "contract": set(),
    "files": {"errors"},
    "schema": {"errors"},
    "yaml_files": {"errors", "files"},
    "budget": {"errors", "modalities", "schema"},
    "ops": {"contract", "errors"},
    "metrics": {"contract", "errors", "lookup", "ops"},
    "methods": {"contract", "errors", "metrics", "ops", "training"},
    "modalities": {*FOUNDATION, "contract", "ops"},
    "training": {*FOUNDATION, "budget", "contract", "metrics", "modalities", "ops"},
    "protocols": {*FOUNDATION, "budget", "contract", "methods", "modalities", "ops", "training"},
    "publishing": {"errors", "files"},
    "planning": {*FOUNDATION, "yaml_files", "budget", "metrics", "modalities", "protocols", "publishing"},
    "exhibits": {*FOUNDATION, "metrics", "modalities", "planning", "publishing"},
    "tracking": {"errors", "exhibits", "files", "planning"},
    "commands": {*FOUNDATION, "yaml_files", "exhibits", "modalities", "planning", "publishing", "tracking", "training"},
    "__main__": {"commands"},
    "__init__": set(),
}
"""Room -> the rooms that it may import. No room imports one that imports it."""


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_every_room_imports_only_what_it_may() -> None:
    assert {code.room_of(path) for path in sources()} == ALLOWED.keys()
    wrong = [
        f"{path.relative_to(PACKAGE.parent)} imports {code.room_of(target)}"
        for path in sources()
        for target in code.imported(path)
        if code.room_of(target) not in ALLOWED[code.room_of(path)] | {code.room_of(path)}
    ]
    assert not wrong


def test_methods_know_nothing_of_training_but_its_optimisers() -> None:
    """On which those build that are optimisers themselves."""
    wrong = [
        f"{path.relative_to(PACKAGE.parent)} imports {target}"
        for path in sorted((PACKAGE / "methods").rglob("*.py"))
        for target in code.imported(path)
        if code.room_of(target) == "training" and target.name != "optim.py"
    ]
    assert not wrong


def test_the_rules_allow_no_circle() -> None:
    left = dict(ALLOWED)
    while free := [room for room, below in left.items() if not below & left.keys()]:
        for room in free:
            del left[room]
    assert not left


def run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True, cwd=project.HERE)


def test_planning_imports_neither_torch_nor_exhibits() -> None:
    heavy = {"torch", "numpy", "polars", "matplotlib", "mlflow", "sklearn", "pipeline.exhibits", "pipeline.training"}
    run(
        "import sys; from pipeline.planning import load, expand; "
        "load.study(__import__('pathlib').Path(), 'ood', 'laptop'); "
        f"found = {heavy!r} & set(sys.modules); sys.exit(f'imports {{found}}' if found else 0)"
    )


def test_training_and_evaluation_need_no_library_but_the_few() -> None:
    """What a bare GPU node has: torch, numpy, pyyaml, pydantic and safetensors."""
    heavy = {"polars", "matplotlib", "sklearn", "scipy", "torchvision", "jinja2", "typer", "rich", "great_tables"}
    halves = sorted(path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.glob("*/*/run.py"))
    names = [f"pipeline.{'.'.join(half.parts)}" for half in halves]
    names += ["pipeline.commands.jobs", "pipeline.commands.stages", "pipeline.training.loop"]
    names += code.method_modules().values()
    run(
        f"import sys, importlib; [importlib.import_module(name) for name in {names!r}]; "
        f"found = {heavy!r} & set(sys.modules); sys.exit(f'imports {{found}}' if found else 0)"
    )


def test_no_text_is_read_or_written_in_the_encoding_of_the_place() -> None:
    """Without `encoding`, Python takes the locale's. `write_text(path, ...)` is the project's own, always UTF-8."""
    calls = [(path, node) for path in sources() for node in ast.walk(code.tree(path)) if isinstance(node, ast.Call)]
    assert not [f"{path.relative_to(PACKAGE)}:{call.lineno}" for path, call in calls if _leaves_encoding_open(call)]


def _leaves_encoding_open(call: ast.Call) -> bool:
    called = ast.unparse(call.func)
    given = {word.arg for word in call.keywords}
    values = [value.value for value in ast.walk(call) if isinstance(value, ast.Constant)]
    binary = any(isinstance(value, str) and re.fullmatch("[rwax]b[+]?", value) for value in values)
    reads = called.endswith((".read_text", ".write_text")) and called != "files.write_text"
    others = ("os.open", "Image.open", "tarfile.open", "zipfile.open")
    opens = called.rpartition(".")[2] == "open" and called not in others and not binary
    decodes = "text" in given and "subprocess" in called
    return "encoding" not in given and (reads or opens or decodes)


def texts(path: Path) -> set[str]:
    """The strings of a file, docstrings left out."""
    tree = code.tree(path)
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {node.value for node in found if id(node) not in documented}


@pytest.mark.parametrize("name", protocols.known())
def test_a_protocols_name_stands_in_its_folder_and_in_studies_only(name: str) -> None:
    # methods cannot name one: they may not import them; what they call "rotation" is a transform
    others = [path for path in sources() if code.room_of(path) not in ("protocols", "methods", "ops")]
    # "theory" is also what the status of a paper may be, of which there is nothing to run
    others = [path for path in others if name not in get_args(Paper.model_fields["status"].annotation)]
    assert not [path for path in others if name in texts(path)]


def test_a_modalitys_name_stands_in_its_folder_and_where_a_protocol_is_made_of_it() -> None:
    names = {path.parent.name for path in PACKAGE.glob("modalities/*/run.py")}
    for name in names:
        pattern = re.compile(rf"modalities(\.| import .*\b){name}\b")
        users = {path for path in sources() if pattern.search(path.read_text(encoding="utf-8"))}
        rooms = {code.room_of(path) for path in users}
        assert rooms <= {"modalities", "protocols"}, f"{name}: {rooms}"
    assert modalities.known()


WORDS = {
    "tabular": {"exhibits/tables/latex.py"},
    "optimizers": {"training/loop.py"},
    "risk": {
        "protocols/spectral_risk/run.py",
        *(
            f"methods/theory/{name}.py"
            for name in ("ridgeless_ensemble", "deep_linear_interpolant", "kernel_classifier")
        ),
    },
}
"""Names of studies that code has for something else: an environment of LaTeX, a part of checkpoints, quantities."""


@pytest.mark.parametrize("key", load.written(project.HERE))
def test_a_studys_name_stands_in_its_file_and_in_params_only(key: str) -> None:
    assert {path.relative_to(PACKAGE).as_posix() for path in sources() if key in texts(path)} <= WORDS.get(key, set())
    for path in (project.HERE / "Snakefile", project.HERE / "dvc.yaml"):
        assert not re.search(rf"\b{key}\b", path.read_text(encoding="utf-8"))


def by_locale(call: ast.Call) -> bool:
    """Whether a call reads or writes text in an encoding that depends on the machine."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    owner = getattr(getattr(call.func, "value", None), "id", "")
    words = {word.arg for word in call.keywords}
    if "encoding" in words:
        return False
    if name in ("read_text", "write_text"):
        return isinstance(call.func, ast.Attribute) and owner != "files"  # pipeline.files writes UTF-8
    if name == "open" and owner not in ("os", "tarfile", "Image"):
        modes = [word.value for word in ast.walk(call) if isinstance(word, ast.Constant)]
        return not any(isinstance(mode, str) and "b" in mode and len(mode) < 4 for mode in modes)
    return bool(words & {"text", "universal_newlines"})


def test_no_text_is_read_or_written_in_the_locales_encoding() -> None:
    rooms = ("pipeline", "data", "docs", "benchmarks", "tests")
    found = [path for room in rooms for path in sorted((project.HERE / room).rglob("*.py"))]
    calls = [(path, each) for path in found for each in ast.walk(ast.parse(path.read_bytes()))]
    wrong = [f"{path}:{each.lineno}" for path, each in calls if isinstance(each, ast.Call) and by_locale(each)]
    assert not wrong


def test_generated_parts_of_the_documents_are_current() -> None:
    found = subprocess.run(
        [sys.executable, "docs/fill.py", "--check"], cwd=project.HERE, capture_output=True, encoding="utf-8"
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.skipif(not (project.HERE / ".git").exists(), reason="git alone knows what belongs to the project")
def test_nothing_that_belongs_to_one_machine_is_part_of_the_project() -> None:
    def listed(*options: str) -> list[str]:
        call = ["git", "-C", str(project.HERE), "ls-files", *options]
        return subprocess.run(call, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()

    assert listed("--cached", "--ignored", "--exclude-standard") == []
    assert [line for line in listed("--stage") if line.startswith("120000")] == []  # links, which lead elsewhere
