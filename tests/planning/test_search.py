"""Searches of learning rates: what they try, what they found, and where the rates that they chose come to stand."""

import dataclasses
import functools
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline import lookup, modalities, protocols
from pipeline.commands import stages
from pipeline.errors import UserError
from pipeline.files import write_sealed
from pipeline.planning import code, expand, search
from pipeline.planning import load as planning
from pipeline.planning.model import Params, Plan, Run, Search, Study
from pipeline.schema import steps
from pipeline.seeds import Draws
from pipeline.training import checkpoint, evidence, job, loop
from pipeline.training.device import choose
from tests.kit import project

RATES = {"learning_rates": [0.01, 0.5], "validation_examples": 64}
S, CHOSEN = "studies/ssl.yaml", "studies/ssl.rates.yaml"


def planned(folder: Path, rates: dict[str, Any] | None = None, **study: Any) -> Plan:
    """The plan of a study with these keys over the tests' self-supervised one, cut to two methods, and its search."""
    if not folder.exists():
        project.make(folder, small=False)
    cells = {"methods": ["simclr", {"key": "random_encoder", "reference": True}], "variants": {"default": {}}}
    project.write(folder / S, project.read(folder / S) | cells | {"search": {"smoke": RATES}} | study)
    project.write(folder / CHOSEN, rates or {})
    return planning.load(folder, {"studies": ["ssl", "ssl_search"]})


def test_a_search_tries_every_rate_for_every_method_that_trains_and_sees_no_test_image(tmp_path: Path) -> None:
    variants = {"default": {}, "other": {"settings": {"temperature": 0.5}, "methods": ["simclr", "dcl"]}}
    methods = ["simclr", {"key": "dcl", "only": ["other"]}, "random_encoder"]
    rates = {"smoke": {"other": {"dcl": {"learning_rate": 0.5}}}}
    plan = planned(tmp_path / "project", rates, methods=methods, variants=variants)
    runs = plan.study_runs("ssl_search")
    found = {(run.method, run.variant, run.settings["optimizer"]["learning_rate"]) for run in runs}
    assert found == {
        ("simclr", "rate_0p01", 0.01),
        ("simclr", "rate_0p5", 0.5),
        ("dcl", "other_rate_0p01", 0.01),
        ("dcl", "other_rate_0p5", 0.5),
    }
    assert len(runs) == 4
    for run in runs:
        assert run.settings["evaluate_on"] == "validation"
        assert run.settings["validation_examples"] == 64
        assert run.settings["train_examples"] == 1000 + 64, "what is trained on is what the study trains on"
        assert run.settings["method"]["temperature"] == (0.5 if run.method == "dcl" else 0.1)


CHANGES: dict[str, Any] = {
    "batch_size": 32,
    "epochs": 2,
    "train_examples": 500,
    "validation_examples": 100,
    "held_out_classes": [0],
    "imbalance": 10,
    "dataset": "fashion_mnist",
    "encoder": "resnet18",
    "schedule": {"name": "constant"},
    "optimizer": {"momentum": 0.5},
}


def test_a_rate_is_searched_anew_where_a_variant_changes_the_steps(tmp_path: Path) -> None:
    """ISO-GCL lost 2.3 to 2.9 points at a batch of 16 by the rate of a batch of 64."""
    variants: dict[str, Any] = {"default": {}}
    variants |= {name: {name: value, "methods": ["simclr"]} for name, value in CHANGES.items()}
    # the same steps a second time, with another method too
    variants |= {"again": {"batch_size": 32, "augmentation": {"flip": 0.0}}}
    chosen = {"default": 0.5, "batch_size": 0.01}
    rates = {"smoke": {name: {"simclr": {"learning_rate": rate}} for name, rate in chosen.items()}}
    plan = planned(tmp_path / "project", rates, methods=["simclr", "dcl"], variants=variants)
    found: dict[str, set[str]] = {}
    for run in plan.study_runs("ssl_search"):
        found.setdefault(run.method, set()).add(run.variant.removesuffix("rate_0p01").removesuffix("rate_0p5"))
        assert run.settings["evaluate_on"] == "validation" and run.settings["validation_examples"] == 64
    assert found == {"simclr": {"", *(f"{name}_" for name in CHANGES)}, "dcl": {"", "again_"}}
    stated = {(run.method, run.variant): search.rate_of(run) for run in plan.study_runs("ssl")}
    others = {("simclr", name): 0.05 for name in CHANGES} | {("dcl", "default"): 0.05, ("dcl", "again"): 0.05}
    assert stated == others | {("simclr", name): rate for name, rate in {**chosen, "again": 0.01}.items()}


def test_a_method_may_be_chosen_by_another_metric(tmp_path: Path) -> None:
    """Of two rates one is best by the study's first metric, the other by a further one, of which less is better."""
    folder = tmp_path / "project"
    project.make(folder, small=False)
    first, *_ = project.read(folder / S)["metrics"]
    plan = planned(
        folder,
        methods=["simclr", "dcl"],
        metrics={first: "higher"},
        further_metrics=["tolerance", "uniformity"],
        resolution={},
        search={"smoke": RATES | {"by": {"dcl": "uniformity"}}},
    )
    for run in plan.study_runs("ssl_search"):
        fast = search.rate_of(run) == 0.5
        found = {first: 90.0 if fast else 80.0, "uniformity": -1.0 if fast else -2.0}
        write_sealed(folder / run.path / "result.json", {"id": run.id, "metrics": found}, [])
    best = {each.method: each.best for each in search.choices(plan, "ssl", folder)}
    assert best == {"simclr": search.Try(0.5), "dcl": search.Try(0.01)}


def test_every_budget_says_of_what_it_changes_that_it_changes_the_steps() -> None:
    """Whoever adds a size to a budget: say `Steps` of it, or add it to what leaves the steps as they are."""
    same = {"test_examples", "evaluate_on", "augmentation", "seeds", "precision", "weight_average", "label_noise"}
    same |= {"repetitions", "watch", "probe", "attack", "outliers", "validation_outliers", "outlier_examples", "wild"}
    same |= {"norm", "radius", "certificate"}
    same |= {"neighbours", "class_factor", "unknown_share", "learner", "network", "penalty", "first_labels", "rounds"}
    same |= {"bought", "boundary", "domains", "target", "tasks", "adjacent", "query_concentration", "chosen_on"}
    same |= {"test_queries", "curvature", "track", "unseen_domain", "line", "loss_scale", "search"}
    for name in protocols.known():
        budget = protocols.named(name).Budget
        assert budget.model_fields.keys() - same == steps(budget), name


def test_a_search_has_seeds_of_its_own_whatever_a_variant_has(tmp_path: Path) -> None:
    variants = {"default": {}, "again": {"batch_size": 64, "seeds": 3}}
    plan = planned(tmp_path / "project", methods=["simclr"], variants=variants)
    runs = plan.study_runs("ssl_search")
    assert {run.variant for run in runs} >= {"rate_0p01", "again_rate_0p01"} and {run.seed for run in runs} == {0}


def test_other_variants_have_the_rate_of_the_first(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {"settings": {"temperature": 0.5}},
        {"augmentation": {"flip": 0.0}},
        {"label_noise": {"rate": 0.2}},
        {"test_examples": 50},
        {"probe": {"l2": 0.1}},
        {"batch_size": 128},  # as the tier has it
    ]
    variants = {"default": {}} | {next(iter(change)): change for change in changes}
    rates = {"smoke": {"default": {"simclr": {"learning_rate": 0.5}}}}
    plan = planned(tmp_path / "project", rates, methods=["simclr"], variants=variants)
    assert {run.variant for run in plan.study_runs("ssl_search")} == {"rate_0p01", "rate_0p5"}
    assert {search.rate_of(run) for run in plan.study_runs("ssl")} == {0.5}


def test_what_states_a_rate_of_its_own_is_tried_in_proportion_to_it(tmp_path: Path) -> None:
    variants = {"default": {}, "slow": {"optimizer": {"learning_rate": 0.005}, "methods": ["simclr"]}}
    methods = ["simclr", {"key": "dcl", "budget": {"optimizer": {"learning_rate": 0.5}}, "why": "it diverges"}]
    plan = planned(tmp_path / "project", methods=methods, variants=variants)
    found: dict[tuple[str, bool], set[float]] = {}
    for run in plan.study_runs("ssl_search"):
        found.setdefault((run.method, run.variant.startswith("slow")), set()).add(search.rate_of(run))
    assert found == {("simclr", False): {0.01, 0.5}, ("simclr", True): {0.001, 0.05}, ("dcl", False): {0.1, 5.0}}


def test_what_was_tried_further_is_part_of_the_search_and_what_was_chosen_is_the_studys(tmp_path: Path) -> None:
    settings = {"snt_xent_am": {"margin": [0.1, 0.2]}}
    variants = {"default": {}, "other": {"settings": {"margin": 0.7}, "methods": ["snt_xent_am"]}}
    chosen = {"learning_rate": 0.5, "settings": {"margin": 0.2}, "further": [{"learning_rate": 25.0}]}
    chosen["further"] = [{"learning_rate": 25.0}, {"learning_rate": 0.5, "settings": {"margin": 0.2}}]
    plan = planned(
        tmp_path / "project",
        {"smoke": {"default": {"snt_xent_am": chosen}}},
        methods=["simclr", "snt_xent_am"],
        variants=variants,
        search={"smoke": {**RATES, "settings": settings}},
    )
    found = {(r.method, search.rate_of(r), r.settings["method"].get("margin")) for r in plan.study_runs("ssl_search")}
    usual = code.method("snt_xent_am").settings["margin"].default
    further = {("snt_xent_am", 25.0, usual), ("snt_xent_am", 0.5, 0.2)}
    assert found == {(m, r, u) for m, u in (("simclr", None), ("snt_xent_am", usual)) for r in (0.01, 0.5)} | further
    margins = {(r.variant, r.method): r.settings["method"].get("margin") for r in plan.study_runs("ssl")}
    assert margins["default", "snt_xent_am"] == 0.2 and margins["other", "snt_xent_am"] == 0.7


def choice(scores: dict[search.Try, float | None], **changes: Any) -> search.Choice:
    told = {"stated": search.Try(0.1), "higher": True, "asked": [0.03, 0.1, 0.3], "least": 0.0, "others": {}} | changes
    return search.Choice("simclr", "default", scores, **told)


def followed(score: Any, **changes: Any) -> list[search.Try]:
    """All that a search tries, in order, where `score` says how good each is."""
    scores = {search.Try(rate): score(search.Try(rate)) for rate in (0.03, 0.1, 0.3)}
    while further := choice(scores, **changes).next:
        assert not scores.keys() & set(further), "nothing is tried twice"
        scores |= {tried: score(tried) for tried in further}
    return list(scores)[3:]


def test_a_range_grows_until_the_best_is_inside() -> None:
    rates = lambda tried: [each.learning_rate for each in tried]  # noqa: E731
    assert rates(followed(lambda tried: -abs(math.log(tried.learning_rate / 0.11)))) == [0.055, 0.17]
    # best is 0.9: one rate beyond it shows that it is inside, then those beside it are tried
    assert rates(followed(lambda tried: -abs(math.log(tried.learning_rate / 0.9)))) == [0.9, 2.7, 0.52, 1.6]
    assert rates(followed(lambda tried: abs(math.log(tried.learning_rate / 0.005)), higher=False))[:2] == [
        0.009,
        0.0027,
    ]
    # what diverges is no better than any
    assert rates(followed(lambda tried: None if tried.learning_rate > 0.3 else tried.learning_rate))[0] == 0.9
    assert followed(lambda tried: None) == []


def test_a_range_does_not_grow_for_ever() -> None:
    assert [each.learning_rate for each in followed(lambda tried: tried.learning_rate)][:3] == [0.9, 2.7, 8.1]
    assert len(followed(lambda tried: tried.learning_rate)) == search.BEYOND + 1


def test_a_range_does_not_grow_below_what_is_allowed() -> None:
    assert followed(lambda tried: -tried.learning_rate, least=0.03) == [search.Try(0.055)]


def test_settings_are_tried_at_the_best_rate_in_place_of_rates_beside_it() -> None:
    found = followed(lambda tried: -abs(tried.learning_rate - 0.1), others={"temperature": [0.2, 0.5]})
    assert found == [search.Try(0.1, (("temperature", value),)) for value in (0.2, 0.5)]


def test_what_no_rate_changes_is_tried_at_no_further_rate() -> None:
    assert followed(lambda tried: 7.0) == []
    assert followed(lambda tried: 7.0, others={"penalty": [2.0]}) == [search.Try(0.03, (("penalty", 2.0),))]


def test_what_a_line_or_a_variant_says_of_measuring_does_not_reach_the_search(tmp_path: Path) -> None:
    line = {"key": "simclr", "budget": {"evaluate_on": "test", "validation_examples": 10}, "why": "a mistake"}
    variants = {"default": {}, "other": {"batch_size": 32, "evaluate_on": "test", "validation_examples": 30}}
    plan = planned(tmp_path / "project", methods=[line, "dcl"], variants=variants)
    for run in plan.study_runs("ssl_search"):
        assert (run.settings["evaluate_on"], run.settings["validation_examples"]) == ("validation", 64)


def test_a_rate_that_is_given_for_once_goes_before_the_searched_one(tmp_path: Path) -> None:
    planned(tmp_path / "project", {"smoke": {"default": {"simclr": {"learning_rate": 0.25}}}})
    overrides = {"ssl": {"optimizer": {"learning_rate": 0.125}}}
    plan = planning.load(tmp_path / "project", {"studies": ["ssl"], "overrides": overrides})
    assert {search.rate_of(run) for run in plan.study_runs("ssl") if run.trains} == {0.125}


def test_a_chosen_rate_is_its_methods_at_its_tier(tmp_path: Path) -> None:
    rates = {tier: {"default": {"simclr": {"learning_rate": r}}} for tier, r in (("smoke", 0.25), ("gpu", 0.75))}
    plan = planned(tmp_path / "project", rates, methods=["simclr", "dcl"])
    found = {run.method: run.settings["optimizer"]["learning_rate"] for run in plan.study_runs("ssl")}
    assert found == {"simclr": 0.25, "dcl": 0.05}


def test_rates_that_were_chosen_change_no_run_of_the_search(tmp_path: Path) -> None:
    before = planned(tmp_path / "project")
    after = planned(tmp_path / "project", {"smoke": {"default": {"simclr": {"learning_rate": 0.25}}}})
    assert before.study_runs("ssl_search") == after.study_runs("ssl_search")
    assert before.study_runs("ssl") != after.study_runs("ssl")


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({"search": {}}, "studies/ssl.yaml: has no search.smoke"),
        (
            {"search": {"smoke": {"learning_rates": [0.1], "validation_examples": 9}}},
            "search.smoke.learning_rates = [0.1]",
        ),
        ({"search": {"smoke": {**RATES, "validation_examples": 10000}}}, "validation_examples = 10000: must be fewer"),
        ({"search": {"smoke": {**RATES, "settings": {"dlc": {}}}}}, "search.smoke.settings: unknown method"),
        (
            {"search": {"smoke": {**RATES, "settings": {"random_encoder": {}}}}},
            "search.smoke.settings: unknown method that trains 'random_encoder'",
        ),
        (
            {"search": {"smoke": {**RATES, "settings": {"simclr": {"temprature": [0.1, 0.2]}}}}},
            "did you mean 'temperature'",
        ),
        ({"search": {"smoke": {**RATES, "settings": {"simclr": {"temperature": [0.1, -1]}}}}}, "temperature = -1"),
        ({"search": {"smoke": {**RATES, "settings": {"simclr": {"temperature": [0.1]}}}}}, "temperature = [0.1]"),
    ],
)
def test_bad_searches_are_one_line(tmp_path: Path, study: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        planned(tmp_path / "project", **study)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def searched(root: Path) -> Plan:
    """A plan whose search has been run."""
    rates = {
        "smoke": {"default": {"dcl": {"learning_rate": 0.01}}},
        "gpu": {"default": {"dcl": {"learning_rate": 0.7}}},
    }
    asked = {**RATES, "seeds": 2, "settings": {"dcl": {"temperature": [0.1, 0.5]}}}
    rates["smoke"]["default"]["dcl"]["further"] = [{"learning_rate": 0.01, "settings": {"temperature": 0.5}}]
    variants = {"default": {}, "small": {"batch_size": 32, "methods": ["simclr"]}}
    plan = planned(root, rates, methods=["simclr", "dcl"], search={"smoke": asked}, variants=variants)
    scores = {
        ("simclr", 0.01, 0.1): [50, 60],
        ("simclr", 0.5, 0.1): [54, 56],
        ("dcl", 0.01, 0.1): [30, 31],
        ("dcl", 0.5, 0.1): [40, None],
        ("dcl", 0.01, 0.5): [33, 31],
    }
    for run in plan.study_runs("ssl_search"):
        score = scores[run.method, search.rate_of(run), run.settings["method"]["temperature"]][run.seed]
        sign = -1 if run.settings["batch_size"] == 32 else 1
        metrics = {} if score is None else {"linear_top1": sign * score}
        write_sealed(root / run.path / "result.json", {"id": run.id, "metrics": metrics})
    return plan


def test_what_a_search_found_is_compared_with_what_the_study_has(tmp_path: Path) -> None:
    plan = searched(tmp_path / "project")
    with pytest.raises(UserError, match="make search STUDY=ssl"):
        search.choices(plan, "ssl", tmp_path)
    simclr, dcl, small = search.choices(plan, "ssl", tmp_path / "project")
    slow, fast, warm = search.Try(0.01), search.Try(0.5), search.Try(0.01, (("temperature", 0.5),))
    assert (simclr.method, simclr.variant, simclr.scores) == ("simclr", "default", {slow: 55, fast: 55})
    # rates that are equally good say nothing of where better ones are
    assert (simclr.best, simclr.stated, simclr.next) == (slow, search.Try(0.05), [])
    # what lost a seed is not chosen
    assert dcl.scores == {slow: 30.5, fast: None, warm: 32}
    assert (dcl.best, dcl.stated, dcl.others) == (warm, slow, {"temperature": [0.5]})
    assert (small.method, small.variant, small.scores) == ("simclr", "small", {slow: -55, fast: -55})
    assert list(search.rows(dcl)) == [("", [("0.01", 30.5), ("0.5", None)]), ("temperature 0.5", [("0.01", 32)])]


def test_what_is_best_is_written_beside_the_study_and_then_is_its_own(tmp_path: Path) -> None:
    root = tmp_path / "project"
    plan = searched(root)
    assert search.write(search.choices(plan, "ssl", root), "ssl", "smoke", root) == root / CHOSEN
    # those of other tiers stay
    slower = {"learning_rate": 0.0002}
    warm = {"learning_rate": 0.01, "settings": {"temperature": 0.5}}
    assert project.read(root / CHOSEN) == {
        "smoke": {
            "default": {
                "simclr": {"learning_rate": 0.01},
                "dcl": {**warm, "further": [warm, slower]},
            },
            "small": {"simclr": {"learning_rate": 0.01}},
        },
        "gpu": {"default": {"dcl": {"learning_rate": 0.7}}},
    }
    again = planning.load(root, {"studies": ["ssl", "ssl_search"]})
    assert {search.rate_of(run) for run in again.study_runs("ssl_search")} == {0.01, 0.5, 0.0002}
    with pytest.raises(UserError, match="make search STUDY=ssl"):
        search.choices(again, "ssl", root)


class Untouchable:
    """Stands for arrays of a test split: whoever looks at it fails."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"the test split was touched: {name}")

    def __len__(self) -> int:
        raise AssertionError("the test split was counted")

    def __getitem__(self, place: Any) -> Any:
        raise AssertionError("the test split was read")


ROWS = 3400
"""Three of each of 1,112 classes."""


def planted(dataset: str) -> modalities.Prepared:
    """A data set with random training examples and a test split that cannot be touched."""
    about, draw = modalities.describe(dataset), torch.Generator().manual_seed(0)
    inputs = torch.randint(0, 256, (ROWS, *about.shape), dtype=torch.uint8, generator=draw)
    labels = torch.arange(ROWS) % len(about.classes) if about.classes else torch.rand(ROWS, generator=draw)
    width = about.shape[0]
    further = {
        name: Untouchable() if name.startswith("test_") else drawn(each, ROWS if name.startswith("train_") else 0, draw)
        for name, each in getattr(about, "further", {}).items()
    }
    made = (
        functools.partial(modalities.PreparedAnnotated, further=further, names={}) if further else modalities.Prepared
    )
    return made(
        key=dataset,
        train_inputs=inputs if modalities.name_of(dataset) == "images" else inputs.float(),
        train_labels=labels,
        test_inputs=Untouchable(),  # type: ignore[arg-type]
        test_labels=Untouchable(),  # type: ignore[arg-type]
        mean=(0.3,) * width,
        std=(0.4,) * width,
        classes=about.classes,
        shape=about.shape,
        digest="",
    )


def drawn(about: modalities.Further, rows: int, draw: torch.Generator) -> torch.Tensor:
    """Random numbers, names' places, or columns of zeros and ones, with so many rows, or as many as there are."""
    shape = (rows or about.shape[0], *about.shape[1:])
    high = {1: max(2, len(about.names)), 2: 2}.get(len(shape), 256)
    return torch.randint(0, high, shape, generator=draw).to(getattr(torch, about.dtype))


def searched_at_once(key: str) -> tuple[Study, Study]:
    """A study of the project at the smoke tier, and its search, which is put in where there is none."""
    study = planning.study(project.HERE, key, "smoke")
    budgets = (study.budget["smoke"], *study.variants.values())
    classes = {len(modalities.describe(budget.get("dataset", study.dataset)).classes) for budget in budgets}
    asked = Search(learning_rates=[0.001, 0.002], validation_examples=max(100, *classes))
    return study, search.study_of(study.model_copy(update={"search": {"smoke": asked}}), "smoke")


def planned_alone(study: Study, searched: Study) -> Run:
    """The search's first run of the study's baseline, or of the first method that builds on no other run."""
    entries = {entry.key: entry for entry in searched.methods if not code.method(entry.key).builds_on}
    first = entries.get(study.baseline) or next(iter(entries.values()))
    own = {name: v | {"methods": [first.key]} for name, v in searched.variants.items() if first.key in v["methods"]}
    variants = {name: {k: value for k, value in v.items() if k != "base"} for name, v in own.items()}
    alone = searched.model_copy(update={"methods": [first], "variants": variants, "base": None})
    return expand.runs({alone.key: alone}, Params(tier="smoke", studies=[alone.key]))[alone.key][0]


def inherits(key: str) -> bool:
    """Whether a study is measured where the runs are that it builds on."""
    protocol = protocols.named(planning.study(project.HERE, key, "smoke").protocol)
    return "evaluate_on" in getattr(protocol, "INHERITED", ())


def trains(key: str) -> bool:
    """Whether any of a study's methods trains: a search of none has no runs."""
    return any(code.method(entry.key).trains for entry in planning.study(project.HERE, key, "smoke").methods)


def reads_data(key: str) -> bool:
    return planning.study(project.HERE, key, "smoke").dataset is not None


STUDIES = planning.written(project.HERE)


@pytest.mark.parametrize("key", [key for key in STUDIES if reads_data(key) and trains(key) and not inherits(key)])
def test_no_search_looks_at_the_test_split(tmp_path: Path, key: str) -> None:
    """Of every study, since one may get a search tomorrow: all of training and evaluation, with all metrics."""
    run = planned_alone(*searched_at_once(key))
    kept_out = run.settings["validation_examples"]
    settings = run.settings | {"epochs": 1, "train_examples": 3 * kept_out, "batch_size": 40}
    if "rounds" in settings["method"]:
        settings["method"] = settings["method"] | {"rounds": 3}
    device = choose("fp32")
    modality = lookup.module(f"modalities.{run.modality}.run")
    data = modality.share(planted(run.dataset), settings, Draws(run.study, 0), device.torch)
    assert torch.equal(data.test_inputs, data.valid_inputs) and len(data.test_labels) == kept_out
    trained_on = {row.numpy().tobytes() for row in data.train_inputs}
    assert not trained_on & {row.numpy().tobytes() for row in data.test_inputs}
    made = job.make(dataclasses.replace(stages.recipe(run), settings=settings), device, planted, None)
    protocol = lookup.module(f"protocols.{settings['protocol']}.run")
    watch = protocol.watch if settings["watch"] else None
    kept = checkpoint.Kept(tmp_path / "state", "test")
    rows = loop.fit(made, protocol.phases(made), kept, 1e9, lambda row: None, watch)
    found = evidence.evaluate(protocol.Evidence(dataclasses.replace(made, history=rows)), list(run.metrics))
    assert found.metrics


@pytest.mark.parametrize("key", [key for key in STUDIES if inherits(key) and trains(key)])
def test_what_scores_other_runs_has_no_search_of_its_own(key: str) -> None:
    """It is measured where they are, which a search could not change."""
    _, searched = searched_at_once(key)
    with pytest.raises(UserError, match="is the base run's and cannot be set"):
        bases = {k: planning.study(project.HERE, k, "smoke") for k in STUDIES if k != key}
        expand.runs({searched.key: searched, **bases}, Params(tier="smoke", studies=[searched.key]))
