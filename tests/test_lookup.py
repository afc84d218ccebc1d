"""Names of files that are keys."""

from pathlib import Path

import pytest

from pipeline import lookup
from pipeline.errors import UserError


@pytest.mark.parametrize("name", ["a", "sup_con_2", "8bit", "x" * 64])
def test_keys(name: str) -> None:
    assert lookup.is_key(name)


@pytest.mark.parametrize("name", ["", "A", "a-b", "a__b", "_a", "a_", "a b", "é", "a.b", "a\n", "x" * 65])
def test_no_keys(name: str) -> None:
    assert not lookup.is_key(name)


def test_files_that_define_something_are_named_by_their_keys() -> None:
    paths = [Path(name) for name in ("b.py", "a.py", "__init__.py", "_shared.py", "._a.py", ".a.py.swp.py")]
    assert [path.stem for path in lookup.keys(paths, "metric")] == ["a", "b"]
    with pytest.raises(UserError, match=r"My-Metric.py: the file's name is the key of a metric: .* rename it"):
        lookup.keys([Path("pipeline/metrics/My-Metric.py")], "metric")
