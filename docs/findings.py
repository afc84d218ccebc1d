"""What a study found, in sentences made of its published tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline import metrics
from pipeline.exhibits import claims, labels, publication
from pipeline.exhibits.claims import DECIDED, DISCOVERY
from pipeline.exhibits.statistics import Estimate, benjamini_hochberg, p_value
from pipeline.planning.model import Claim, Paper, Study
from pipeline.publishing.store import Published

Line = Mapping[str, str]
LISTED = 4
"""So many methods are named at most."""
HOLDS = {"yes": "holds", "no": "**does not hold**", "undecided": "is undecided"}


def sentences(study: Study, found: Published, papers: Mapping[str, Paper]) -> Iterator[str]:
    """What is seen, who is best, who differs from the baseline, what that says of the papers, and how sure it is."""
    yield from _phenomena(found)
    if study.metrics:
        yield from _best(study, found)
        yield from _against_baseline(study, found)
    yield from _claims(found, papers, bool(study.metrics))
    if found.replication:
        yield f"Asked again: {publication.replication(found.replication).words}."


def interval(line: Line, mean: str, low: str, high: str, digits: int, sign: bool = False) -> str:
    if not line[mean]:
        return "no value"
    shown = labels.number(float(line[mean]), digits, sign=sign)
    ends = [labels.number(float(line[name]), digits, sign=sign) for name in (low, high) if line[name]]
    return f"{shown} [{', '.join(ends)}]" if ends else shown


def digits(metric: str) -> int:
    return 1 if metrics.describe(metric).unit == "%" else 2


def _phenomena(found: Published) -> Iterator[str]:
    for line in found.phenomena.values():
        ends = [labels.rounded(float(line[name]), line["metric"]) for name in ("ci_low", "ci_high") if line[name]]
        number = labels.rounded(float(line["value"]), line["metric"]) if line["value"] else "no value"
        shown = f"{number} [{', '.join(ends)}]" if ends else number
        yield f"{line['statement'].rstrip('.')}: {shown}; that {HOLDS[line['holds']]} ({line['bound']})."


def _ranked(study: Study, found: Published) -> list[Line]:
    """The default variant's lines of the first metric, of the methods that are ranked and whole, best first."""
    variant, metric = next(iter(study.variants)), next(iter(study.metrics))
    ranked = [entry.key for entry in study.methods if not entry.reference]
    lines = [found.table[variant, key][metric] for key in ranked if metric in found.table.get((variant, key), {})]
    order = -1 if study.metrics[metric] == "higher" else 1
    return sorted((line for line in lines if line["mean"]), key=lambda line: order * float(line["mean"]))


def _best(study: Study, found: Published) -> Iterator[str]:
    lines = _ranked(study, found)
    best = next((line for line in lines if line["mark"] == "best"), None)
    if best is None:
        return
    tied = [f"`{line['method']}`" for line in lines if line["mark"] == "tied"]
    metric = best["metric"]
    number = interval(best, "mean", "ci_low", "ci_high", digits(metric))
    if not tied:
        others = "; no other is as good"
    elif len(tied) <= LISTED:
        others = f"; {labels.listing(tied)} cannot be told from it"
    else:
        others = f"; {len(tied)} others cannot be told from it, {labels.listing(tied[:LISTED])} before the rest"
    yield f"Best of {len(lines)} by {labels.metric(metric)} is `{best['method']}`, {number}{others}."


def _against_baseline(study: Study, found: Published) -> Iterator[str]:
    lines = [line for line in _ranked(study, found) if line["against_baseline"]]
    if not lines:
        return
    metric = lines[0]["metric"]
    order = 1 if study.metrics[metric] == "higher" else -1
    sides: dict[int, list[Line]] = {1: [], -1: []}
    for line in lines:
        low, high = (float(line[name] or 0) for name in ("against_low", "against_high"))
        side = int(low > 0) - int(high < 0)
        if side:
            sides[order * side].append(line)

    yield f"Against `{study.baseline}`: {_told(sides[1], 'better', first=True)}; {_told(sides[-1], 'worse')}."


def _told(side: list[Line], word: str, first: bool = False) -> str:
    """How many are better or worse, and the best or the worst of them by how much."""
    if not side:
        return f"none is {word}"
    named = side[:LISTED] if first else side[-LISTED:]
    texts = [f"`{line['method']}` by {_against(line)}" for line in named]
    more = ", among them" if len(side) > LISTED else ","
    return f"{len(side)} {word}{more} {labels.listing(texts)}"


def _against(line: Line) -> str:
    return interval(line, "against_baseline", "against_low", "against_high", digits(line["metric"]), sign=True)


def _claims(found: Published, papers: Mapping[str, Paper], clearest: bool) -> Iterator[str]:
    """clearest: name the clearest alone, and otherwise all that came out against their papers."""
    controls = {(key, claim.id) for key, paper in papers.items() for claim in paper.claims if claim.control_of}
    lines = [line for place, line in found.claims.items() if place not in controls]
    told = [line["verdict"] for line in lines if line["verdict"] in (*DECIDED, "inconclusive")]
    if not told:
        return
    yield f"Of {len(told)} claims: {verdicts(told)}."
    if behaved := [line["verdict"] == "supported" for place, line in found.claims.items() if place in controls]:
        yield f"Of {len(behaved)} negative controls {sum(behaved)} came out as they should."
    if not clearest:
        yield from (
            f"Contradicted: {line['statement'].rstrip('.')} (`{line['paper']}`); off by {_off(line)}."
            for line in lines
            if line["verdict"] == "contradicted"
        )
        return
    for kind, word in (("supported", "Clearest of the supported"), ("contradicted", "Clearest of the contradicted")):
        if line := _clearest([line for line in lines if line["verdict"] == kind]):
            number = interval(line, "effect", "ci_low", "ci_high", digits(line["metric"]), sign=True)
            statement = line["statement"].rstrip(".")
            yield f"{word}: {statement} (`{line['paper']}`): {number} {labels.metric(line['metric'])}."


def _off(line: Line) -> str:
    ends = ", ".join(labels.short(float(line[name])) for name in ("ci_low", "ci_high"))
    return f"{labels.short(float(line['effect']))} [{ends}]"


def verdicts(found: list[str]) -> str:
    """How many there are of each."""
    kinds = Counter(found)
    return labels.listing([f"{kinds[kind]} {labels.words(kind)}" for kind in (*DECIDED, "inconclusive") if kinds[kind]])


def _clearest(lines: list[Line]) -> Line | None:
    """That whose effect is the most intervals wide."""

    def clear(line: Line) -> float:
        return abs(float(line["effect"])) / max(float(line["ci_high"]) - float(line["ci_low"]), 1e-9)

    return max(lines, key=clear, default=None)


def survivors(lines: Sequence[Line], said: Mapping[tuple[str, str], Claim]) -> tuple[int, int]:
    """Of the verdicts on one side how many there are, and how many survive at DISCOVERY over all that is tested.

    said: claims by paper and id. Controls are tested too, and not counted.
    """
    tested = [line for line in lines if line["effect"] and line["ci_low"]]
    stated = [said.get((line["paper"], line["claim"])) for line in tested]
    values = [_p_value(line, claim) for line, claim in zip(tested, stated, strict=True)]
    sided = [
        line["verdict"] in ("supported", "contradicted") and not (claim and claim.control_of)
        for line, claim in zip(tested, stated, strict=True)
    ]
    left = [q <= DISCOVERY and side for q, side in zip(benjamini_hochberg(values), sided, strict=True)]
    return sum(sided), sum(left)


def _p_value(line: Line, claim: Claim | None) -> float:
    ends = [float(line[name]) for name in ("effect", "ci_low", "ci_high")]
    found = Estimate(ends[0], ends[1], ends[2], int(line["n_seeds"]), None)
    return p_value(found) if claim is None or claim.test is None else claims.p_value(found, claim.test)
