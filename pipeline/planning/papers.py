"""papers/*.yaml: what papers claim and report, held against the methods and studies that there are."""

from collections.abc import Mapping
from pathlib import Path

from pipeline import lookup, metrics
from pipeline.errors import UserError, unknown
from pipeline.planning import code
from pipeline.planning.model import Claim, Paper, Study, Test
from pipeline.schema import check as checked
from pipeline.yaml_files import read_yaml, yaml_files


def load(root: Path = Path()) -> dict[str, Paper]:
    """All papers by key (the file's name), sorted. UserError where one is malformed."""
    return {path.stem: _paper(path, root) for path in lookup.keys(yaml_files(root / "papers"), "paper")}


def _paper(path: Path, root: Path) -> Paper:
    found, where = read_yaml(path), str(path.relative_to(root))
    if "key" in found:
        raise UserError(f"{where}: unknown key 'key'; a paper's key is its file's name")
    return checked(Paper, {**found, "key": path.stem}, where)


def check(papers: Mapping[str, Paper], studies: Mapping[str, Study]) -> None:
    """UserError where papers and methods do not name each other rightly, or a claim asks what no study can answer.

    studies: all that are written down, not only those that are planned.
    """
    _methods(papers)
    numbers: dict[int, str] = {}
    for key, paper in papers.items():
        where = f"papers/{key}.yaml"
        if paper.catalogue is not None and (other := numbers.setdefault(paper.catalogue, key)) != key:
            raise UserError(f"{where}: catalogue = {paper.catalogue}: is that of papers/{other}.yaml too")
        ids: dict[str, str] = {}
        for claim in paper.claims:
            if first := ids.get(claim.id.replace("_", "-")):
                again = "" if first == claim.id else f", first as '{first}'"
                raise UserError(f"{where}: claim '{claim.id}' is there twice{again}; give each an id of its own")
            ids[claim.id.replace("_", "-")] = claim.id
            theirs = [other.id for other in paper.claims if not other.control_of]
            if claim.control_of is not None and claim.control_of not in theirs:
                raise unknown("claim", claim.control_of, theirs, f"{where}: claim '{claim.id}': control_of")
            _claim(claim, studies, f"{where}: claim '{claim.id}'")


def _methods(papers: Mapping[str, Paper]) -> None:
    methods = code.method_modules()
    for key, paper in papers.items():
        for name in paper.methods:
            if name not in methods:
                raise unknown("method", name, methods, f"papers/{key}.yaml: methods")
        for number in paper.reported:
            if number.method is not None and number.method not in methods:
                raise unknown("method", number.method, methods, f"papers/{key}.yaml: reported")
    for name in methods:
        info = code.method(name)
        if not info.paper:
            continue
        where = info.module.replace(".", "/") + ".py"
        if info.paper not in papers:
            raise unknown("paper", info.paper, papers, f"{where}: paper")
        if name not in papers[info.paper].methods:
            raise UserError(f"papers/{info.paper}.yaml: methods: lacks '{name}', which says that it is this paper's")


def _claim(claim: Claim, studies: Mapping[str, Study], where: str) -> None:
    test = claim.test
    if test is None:
        if not claim.why_not:
            raise UserError(f"{where}: has neither a test nor a why_not, which says why there is none")
        return
    if test.study not in studies:
        raise unknown("study", test.study, studies, f"{where}: study")
    study = studies[test.study]
    measured = {metrics.describe(name).name for name in study.measured}
    for key, name in (("metric", test.metric), ("than_metric", test.than_metric)):
        if name is None:
            continue
        if metrics.describe(name, f"{where}: {key}").name not in measured:
            raise UserError(
                f"{where}: {key} = '{name}': study '{study.key}' does not measure it; add it to its further_metrics"
            )
    if test.equals is None and test.direction is None and metrics.describe(test.metric).direction is None:
        raise UserError(f"{where}: metric = '{test.metric}': neither is better; say in `direction` what the claim says")
    low, high = metrics.describe(test.metric).bounds
    if isinstance(test.than, float) and not low <= test.than <= high:
        raise UserError(f"{where}: than = {test.than:g}: '{test.metric}' lies from {low:g} to {high:g}")
    for key, method, variant in _sides(test):
        _side(study, method, variant, f"{where}: {key}")


def _sides(test: Test) -> list[tuple[str, str, str]]:
    """Key, method and variant of everything that the test compares."""
    other = [] if not isinstance(test.than, str) else [("than", test.than, test.than_variant or test.variant)]
    sides = [("better", test.better, test.variant), *other]
    if test.relative_to is not None:
        sides += [(key, method, test.relative_to) for key, method, _ in sides]
    return sides


def _side(study: Study, method: str, variant: str, where: str) -> None:
    entries = {entry.key: entry for entry in study.methods}
    if method not in entries:
        raise unknown(f"method of study '{study.key}'", method, entries, where)
    if variant not in study.variants:
        raise unknown(f"variant of study '{study.key}'", variant, study.variants, where)
    only = entries[method].only
    chosen = study.variants[variant].get("methods")
    if (chosen and method not in chosen) or (not chosen and only and variant not in only):
        raise UserError(f"{where}: study '{study.key}' has no '{method}' in variant '{variant}'")
