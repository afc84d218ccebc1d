"""The sentences around a table: data, protocol, what marks and brackets mean, which machine."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.exhibits import floors, frame, labels
from pipeline.exhibits.cells import Cell, Results
from pipeline.exhibits.phenomena import Phenomenon
from pipeline.exhibits.tables.model import Entry, Row

# --- a variant ---


def data(results: Results, variant: str) -> str:
    """The data set, its sizes, what the runs drew of its labels, and whether a floor is lacking."""
    run = _first(results, variant)
    parts = [_size(results, run, split, name) for split, name in (("train", "training"), ("test", "test"))]
    sizes = ", ".join(filter(None, parts))
    held = run.settings.get("held_out_classes")
    out = f", less classes {labels.listing([str(k) for k in held])}" if held else ""
    floor = [f"the floor, {results.study.floor}, does not run on these data"] * floors.missing(results, variant)
    return "; ".join([f"{run.dataset} ({sizes}{out})" if sizes else run.dataset, *_drawn(results, variant), *floor])


def _size(results: Results, run: Any, split: str, name: str) -> str:
    """So many of a split as the data set has and the run takes; empty where neither is known."""
    about = frame.about(run.dataset, results.root)
    known = [size for size in (about.get("splits", {}).get(split), run.settings.get(f"{split}_examples")) if size]
    if not known:
        return ""
    kept_back = run.settings.get("validation_examples") if split == "train" else 0
    of_them = f", the last {kept_back:,} of them for validation" if kept_back else ""
    return f"{min(known):,} {name} {_noun(about)}{of_them}"


def _noun(about: dict[str, Any]) -> str:
    """What the examples of a data set are."""
    return str(about.get("noun", "images"))


def _drawn(results: Results, variant: str) -> list[str]:
    """What the runs record of the labels that they drew: how many were wrong, and uneven class counts."""
    found = [r.get("data", {}) for (place, _), cell in results.cells.items() if place == variant for r in cell.results]
    wrong = sorted({f"{100 * drawn['label_noise']:.1f}%" for drawn in found if "label_noise" in drawn})
    counts = [list(drawn["class_counts"]) for drawn in found if drawn.get("class_counts")]
    run, texts = _first(results, variant), []
    if wrong:
        texts.append(_wrong_labels(run.settings["label_noise"], wrong))
    if counts and run.settings.get("imbalance"):
        noun = _noun(frame.about(run.dataset, results.root))
        texts.append(f"training {noun} by class: {', '.join(map(str, counts[0]))}")
    return texts


def _wrong_labels(noise: dict[str, Any], shares: list[str]) -> str:
    pairs = labels.listing([f"{a} to {b}" for a, b in noise["flips"]]) if noise["flips"] else ""
    kind = f"classes {pairs}" if pairs else "to any other class alike"
    drawn = f"{labels.listing(shares)} of all labels by seed"
    return f"training labels made wrong with probability {noise['rate']:g} ({kind}), drawn: {drawn}"


def _first(results: Results, variant: str) -> Any:
    """The variant's first run, whose data and protocol are those of all."""
    return next(cell.runs[0] for (place, _), cell in results.cells.items() if place == variant)


def changes(study: Any, variant: str) -> str:
    """What a variant changes of the study; which methods it has is no change."""
    changed = {name: value for name, value in study.variants[variant].items() if name != "methods"}
    return "; ".join(f"{labels.words(name)}: {_plain(value)}" for name, value in changed.items())


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{labels.words(name)} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        pairs = bool(value) and all(isinstance(part, list | tuple) for part in value)
        return ", ".join(" to ".join(map(_plain, part)) if pairs else _plain(part) for part in value) or "none"
    return str(value)


def reach(rows: list[Row]) -> str:
    """By the study's first metric: the ranked methods' lowest and highest mean, and the references' means."""
    first = [(row, row.entries[0]) for row in rows if row.entries[0].estimate]
    means = {row.method: e.estimate.mean for row, e in first if e.estimate and not row.reference}
    references = [f"{row.method} {e.estimate.mean:.1f}" for row, e in first if e.estimate and row.reference]
    if len(means) < 2 or not references:
        return ""
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    span = f"from {means[low]:.1f} ({low}) to {means[high]:.1f} ({high})"
    return f"{labels.metric(first[0][1].metric)}: {span}; for reference {labels.listing(references)}."


def loss(variant: str, method: str, cell: Cell) -> str:
    """The footnote of a cell that lost runs."""
    reasons = sorted(
        {result.get("reason") or "no reason recorded" for result in cell.results if result["status"] != "ok"}
    )
    what = " and ".join(f"{cell.lost.count(kind)} {kind}" for kind in dict.fromkeys(sorted(cell.lost)))
    rest = "" if len(cell.lost) == len(cell.runs) else "; its numbers are those of the others and are not ranked"
    return f"{method} ({variant}): {what} of {labels.count(len(cell.runs), 'run')} ({'; '.join(reasons)}){rest}."


def absence(entry: Entry) -> list[str]:
    """The footnotes of a number that some or all runs of its cell lack, one a reason."""
    reasons, runs = Counter(entry.cell.absent(entry.metric)), len(entry.cell.runs)
    rest = "; the number is that of the others and is not ranked" if entry.estimate else ""
    name = labels.metric(entry.metric)
    return [
        f"{name}: absent in {count} of {labels.count(runs, 'run')}, since {reason}{rest}."
        if count < runs
        else f"{name}: absent, since {reason}."
        for reason, count in sorted(reasons.items())
    ]


# --- the study ---


def protocol(results: Results) -> list[str]:
    """Tier, selection, seeds, and how learning rates and settings were chosen."""
    study, tier = results.study, results.plan.tier
    planned = sorted({len(cell.runs) for cell in results.cells.values()})
    seeds = f"{planned[0]}" if len(planned) == 1 else f"{planned[0]} to {planned[-1]}"
    lines = [
        f"Tier {tier}.",
        f"Model selection: {study.selection}.",
        f"Mean of {seeds} {'seed' if planned == [1] else 'seeds'} per method, baseline {study.baseline}.",
    ]
    if search := study.search.get(tier):
        rates = labels.listing([f"{rate:g}" for rate in search.learning_rates])
        noun = _noun(frame.about(results.runs[0].dataset, results.root))
        lines.append(
            f"Learning rate: for each method, and anew where a variant changes the steps of training, the best of "
            f"{rates}, on {search.validation_examples:,} training {noun} kept out of training "
            f"({labels.count(search.seeds, 'seed')})."
        )
        if chosen := [f"{' and '.join(names)} of {method}" for method, names in search.settings.items()]:
            lines.append(f"So was chosen, from a few values: {labels.listing(chosen)}.")
    if tier in study.reduced:
        lines.append("Some methods' settings are reduced from their papers' at this tier; the study says which.")
    if study.base:
        lines.append(f"Built on the runs of {study.base.method} in study {study.base.study}.")
    return lines


def phenomenon(found: Phenomenon) -> str:
    """What was stated, what was found, and whether that is it."""
    stated, value = found.stated, found.estimate
    sign, bound = (">", stated.above) if stated.above is not None else ("<", stated.below)
    numbers = "no value"
    if value is not None:
        ends = [labels.rounded(end, stated.metric) for end in (value.low, value.high) if end is not None]
        numbers = labels.rounded(value.mean, stated.metric) + (f" [{', '.join(ends)}]" if ends else "")
    kind = {"yes": "holds", "no": "does not hold", "undecided": "undecided"}[found.holds]
    return f"{stated.statement.rstrip('.')}: {numbers}, for {sign} {labels.short(bound or 0.0)}: {kind}."


def legend(study: Any, rows: Sequence[Row]) -> list[str]:
    """What the brackets and the marks mean."""
    entries = [entry for row in rows for entry in row.entries]
    kinds: dict[str, list[str]] = {}
    for entry in entries:
        if entry.estimate and entry.cell.source == "run":
            metrics = kinds.setdefault(entry.estimate.levels or "", [])
            metrics += [entry.metric] * (entry.metric not in metrics)
    spread = [f"{levels} ({labels.listing(names)})" for levels, names in sorted(kinds.items(), reverse=True) if levels]
    lines = []
    if spread:
        over = labels.listing([f"over {part}" for part in spread])
        lines.append(f"In brackets: 95% interval of the mean {over}, by a paired bootstrap widened for few seeds.")
    if any(described.redrawn for name in study.metrics if (described := labels.described(name))):
        lines.append("What is no mean is computed anew from each draw of examples, its thresholds too, of every side.")
    if "" in kinds:
        lines.append(f"No interval for {labels.listing(kinds[''])}: one seed and no values per example.")
    if sunk := sorted({entry.floor.name for entry in entries if entry.floor}):
        lines.append(
            f"‡: not shown to be better than {' or '.join(sunk)}, by the 95% interval of the difference, and so not to "
            "have learned by this measure."
        )
    ranked = "Bold: best mean. Underlined: not distinguishable from the best. "
    against = f"†: differs from {study.baseline}. Both by the 95% interval of the paired difference, "
    lines.append(ranked + against + "without correction for the number of comparisons.")
    if any(row.source != "run" for row in rows):
        lines.append(
            "Source: of rows that say published nothing was made here; their published numbers, intervals and marks "
            "are shown. Published earlier: of code or settings that have changed since."
        )
    return lines


def hardware(found: Results) -> str:
    """Which machine, how long, of the runs made here; and how many are published."""
    results = found.made
    shown = len(found.runs) - len(results)
    published = f" {labels.count(shown, 'run')} published: published/{found.study.key}/." if shown else ""
    if not results:
        return published.strip()
    spent = [result.get("seconds") or {} for result in results]
    train, evaluate = (sum(part.get(name) or 0.0 for part in spent) for name in ("train", "evaluate"))
    took = f"{labels.duration(train)} of training and {labels.duration(evaluate)} of evaluation"
    devices = " and ".join(sorted({_device(result.get("device") or {}) for result in results}))
    return f"{labels.count(len(results), 'run')} on {devices}: {took}.{published}"


def _device(device: dict[str, Any]) -> str:
    name = device.get("name") or device.get("kind") or "unknown device"
    threads = device.get("threads")
    on = labels.count(threads, "thread") if threads and device.get("kind") == "cpu" else ""
    return ", ".join(filter(None, [name, on, device.get("precision")]))
