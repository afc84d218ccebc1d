"""The commands that the documents name exist, with the options that are given to them."""

import itertools
import re
import shlex
from collections.abc import Iterator

import typer.main

from tests.kit import project

TOOLS = ("snakemake", "dvc", "mlflow", "make", "python -m pipeline", "python -m benchmarks")
DOCUMENTS = [project.HERE / "README.md", *sorted((project.HERE / "docs").glob("*.md"))]


def commands() -> Iterator[list[str]]:
    """Words of every command in a block or between backticks, comments and continued lines taken care of."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        blocks = re.findall(r"^```(?:bash)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        lines = [line for block in blocks for line in block.splitlines()]
        inline = [" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]
        for line in [*lines, *inline]:
            if line.startswith(tuple(f"{tool} " for tool in TOOLS)):
                yield shlex.split(line.partition(" && ")[0], comments=True)


COMMANDS = list(commands())


def given(tool: str) -> list[list[str]]:
    """What documents give to a tool, its own name aside, and what stands for any command of it."""
    words = tool.split()
    found = [command[len(words) :] for command in COMMANDS if command[: len(words)] == words]
    assert found
    return [words for words in found if not words[0].isupper()]


def options(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match("--?[a-z]", word)}


def test_snakemake() -> None:
    from snakemake.cli import get_argument_parser

    known = get_argument_parser()._option_string_actions
    for words in given("snakemake"):
        # those of executors, and of `set-resources`, are the profile's
        assert options(words) <= known.keys(), words
        if "--config" in words:
            given_to_it = itertools.takewhile(lambda word: word != "--", words[words.index("--config") + 1 :])
            assert all("=" in word for word in given_to_it), words


def test_dvc() -> None:
    from dvc.cli.parser import get_main_parser

    for words in given("dvc"):
        get_main_parser().parse_args(words)


def test_mlflow() -> None:
    from mlflow.cli import cli

    for name, *words in given("mlflow"):
        assert options(words) <= {option for param in cli.commands[name].params for option in param.opts}, words


def test_make() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (project.HERE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {words[0] for words in given("make")} <= targets


def test_the_projects_own() -> None:
    from benchmarks.__main__ import NAMES
    from pipeline.commands.cli import app

    known = typer.main.get_command(app)
    for name, *words in given("python -m pipeline"):
        command = known.commands[name]  # type: ignore[attr-defined]
        assert options(words) <= {option for param in command.params for option in param.opts}, words
    assert {words[0] for words in given("python -m benchmarks")} <= set(NAMES)


def test_an_option_that_is_unknown_would_be_seen() -> None:
    assert options(shlex.split("--cores all -n --config tier=smoke")) == {"--cores", "-n", "--config"}
    assert options(["server", "--port=5000", "-1"]) == {"--port"}
