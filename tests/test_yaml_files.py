"""YAML: what a text means, and what is refused in one line that names file, line and key."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import UserError
from pipeline.yaml_files import parse, read_yaml, retyped, yaml_files
from tests.kit import project

TENFOLD = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
GROWING = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *TENFOLD])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1e-3", 0.001), (".5e-3", 0.0005), ("1e5", 100000.0), ("+.5", 0.5), ("2.", 2.0), ("-1", -1),
        ("0x10", 16), ("0o17", 15), ("08", 8), ("-.inf", -math.inf), ("true", True), ("False", False),
        ("~", None), ("null", None), ("", None), ("'3'", "3"), ('"true"', "true"),
        ("yes", "yes"), ("on", "on"), ("1_000", "1_000"), ("1:30", "1:30"), ("2020-01-01", "2020-01-01"), ("=", "="),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_they_look_like(text: str, meant: Any) -> None:
    found = parse(f"key: {text}", "here")["key"]
    assert (found, type(found)) == (meant, type(meant))


def test_structures() -> None:
    assert parse("a: [1, {b: c}]\n1: x\non: y", "here") == {"a": [1, {"b": "c"}], "1": "x", "on": "y"}
    assert parse("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}", "here")["y"] == {"a": 1, "b": 3}
    assert parse("x: &x {a: 1}\nz: &z {a: 2, b: 2}\ny: {<<: [*x, *z]}", "here")["y"] == {"a": 1, "b": 2}
    assert math.isnan(parse(".nan", "here"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "here line 3: key 'a' is given twice; keep one"),
        ("a: {b: 1, 'b': 2}", "here line 1: key 'b' is given twice; keep one"),
        ("a: {<<: {b: 1}, <<: {c: 1}}", "here line 1: key '<<' is given twice; keep one"),
        ("a: {<<: 1}", "here line 1: << takes in mappings, such as `<<: *name`"),
        ("a: &a [*a]", "here line 1: *a refers to itself or to nothing before it"),
        ("a: *b", "here line 1: *b refers to itself or to nothing before it"),
        (GROWING, "here line 5: more than 100000 values"),
        ("a: " + "[" * 100_000, "here line 1: more than 20 levels"),
        ("- " * 100_000, "here line 1: more than 20 levels"),
        ("\n".join(f"{' ' * n}a:" for n in range(100)), "here line 21: more than 20 levels"),
        ("a: 1\n---\nb: 2", "here line 2: a second document begins"),
        ("a: !!python/object:os.system ls", "here line 1: tag"),
        ("a: !!binary aGk=", "here line 1: tag"),
        ("[a]: 1", "here line 1: a key must be a text, not a list"),
        ("a: " + "9" * 100_000, "here line 1: '99"),
        ("a:\n\tb: 1", "indent by spaces, not by tabs"),
        ("a: \x00", "here: not valid YAML: control characters"),
        ("a: \udcff", "here: not valid YAML: not in UTF-8"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, "here")
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 200


def test_files_are_in_utf_8_and_may_say_so(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: \xc3\xa9")
    assert read_yaml(path) == {"title": "é"}
    path.write_bytes(b"title: x\nother: \xff")
    with pytest.raises(UserError, match=r"a.yaml line 2: not valid YAML: not in UTF-8; save"):
        read_yaml(path)
    with pytest.raises(UserError, match=r"missing"):
        read_yaml(tmp_path / "b.yaml")
    with pytest.raises(UserError, match=r"cannot be read"):
        read_yaml(tmp_path)


def test_a_file_with_another_ending_is_not_passed_over(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "._a.yaml"):
        (tmp_path / name).touch()
    assert yaml_files(tmp_path) == [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    (tmp_path / "c.yml").touch()
    with pytest.raises(UserError, match=r"c.yml: is not read; name it c.yaml"):
        yaml_files(tmp_path)


def test_texts_within_a_value_get_their_meaning_again() -> None:
    assert retyped({"a": ["1", "1e-3", "x"], "b": {"c": "true"}, "d": 2}) == {
        "a": [1, 0.001, "x"], "b": {"c": True}, "d": 2
    }  # fmt: skip


def test_the_projects_own_files_mean_what_pyyaml_reads_in_them() -> None:
    for path in [*project.HERE.glob("*/*.yaml"), project.HERE / "params.yaml"]:
        assert read_yaml(path) == yaml.safe_load(path.read_text(encoding="utf-8"))
