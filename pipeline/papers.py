"""papers/*.yaml: what papers claim and report."""

from pathlib import Path

from pipeline.settings import Paper, check, read_yaml


def load(root: Path = Path()) -> dict[str, Paper]:
    """All papers by key (the file's name), sorted. UserError where one is malformed."""
    return {
        path.stem: check(Paper, {**read_yaml(path), "key": path.stem}, str(path.relative_to(root)))
        for path in sorted((root / "papers").glob("*.yaml"))
    }
