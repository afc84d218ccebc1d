"""The plan as a whole: params.yaml, what is read and what is not, the plan as JSON, and that planning stays light."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.planning import expand
from pipeline.planning import load as planning
from tests.kit import project

C, P = "studies/classification.yaml", "params.yaml"


def refused(folder: Path, **call: Any) -> str:
    """The one line with which planning ends."""
    with pytest.raises(UserError) as caught:
        planning.load(folder, **call)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"tier": "laptopp"}, ["unknown tier 'laptopp'", "studies/"]),
        ({"tier": 3}, ["params.yaml", "tier = 3", "string"]),
        ({"studies": ["ssl", "clasification"]}, ["params.yaml", "'clasification'", "did you mean 'classification'"]),
        ({"studies": "ssl"}, ["params.yaml", "studies = 'ssl'", "list"]),
        ({"seeds": 0}, ["params.yaml", "seeds = 0", "greater than or equal to 1"]),
        ({"tiers": "gpu"}, ["params.yaml", "unknown key 'tiers'", "did you mean 'tier'"]),
        ({"overrides": {"sssl": {"epochs": 1}}}, ["params.yaml", "'sssl'", "did you mean 'ssl'"]),
        ({"overrides": {"ssl": {"epoch": 1}}}, ["unknown key 'epoch'", "did you mean 'epochs'"]),
    ],
)
def test_faults_of_params(tmp_path: Path, changes: dict[str, Any], parts: list[str]) -> None:
    folder = project.make(tmp_path, small=False)
    project.edit(folder / P, **changes)
    message = refused(folder)
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        (P, None, ["params.yaml", "missing"]),
        (P, "tier: [", ["params.yaml line ", "not valid YAML"]),
        (P, "- ssl", ["params.yaml", "mapping", "list"]),
        (P, "", ["params.yaml", "mapping"]),
        (C, "title: a: b", ["classification.yaml line 1", "not valid YAML"]),
        (C, b"title: \xff\xfe", ["classification.yaml", "not valid YAML"]),
        ("studies/ssl.rates.yaml", "- 0.1", ["studies/ssl.rates.yaml", "mapping", "list"]),
    ],
)
def test_files_that_are_no_yaml_mapping(tmp_path: Path, file: str, text: str | bytes | None, parts: list[str]) -> None:
    folder = project.make(tmp_path, small=False)
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_bytes(text.encode() if isinstance(text, str) else text)
    message = refused(folder)
    assert all(part in message for part in parts), message


@pytest.mark.parametrize("file", [P, C, "studies/ssl.rates.yaml", "papers/dcl.yaml"])
def test_a_key_given_twice_is_named_with_file_and_line(tmp_path: Path, file: str) -> None:
    folder = project.make(tmp_path, small=False)
    project.write(folder / file, project.read(folder / file))
    text = (folder / file).read_text(encoding="utf-8")
    key = text.split(":")[0]
    (folder / file).write_text(f"{text}{key}: again\n", encoding="utf-8")
    line = len(text.splitlines()) + 1
    assert refused(folder) == f"{folder / file} line {line}: key '{key}' is given twice; keep one"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("table_x", ["'table_x' is a rule of the Snakefile", "rename"]),
        ("curves_x", ["'curves_x' is a rule of the Snakefile"]),
        ("results", ["'results' is a folder of the project"]),
        ("ssl_search", ["the search of another one's learning rates; rename"]),
        ("Upper", ["'Upper' names folders", "small letters"]),
        ("x" * 65, ["names folders", "at most 64"]),
    ],
)
def test_names_that_a_study_cannot_have(tmp_path: Path, name: str, parts: list[str]) -> None:
    folder = project.make(tmp_path)
    (folder / f"studies/{name}.yaml").write_text((folder / C).read_text(encoding="utf-8"), encoding="utf-8")
    message = refused(folder)
    assert all(part in message for part in parts), message


def test_hidden_files_and_other_endings_beside_studies(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "studies/._ood.yaml").write_bytes(b"\x00\xff")
    assert planning.load(folder).runs
    (folder / "studies/new.yml").touch()
    assert "studies/new.yml: is not read; name it new.yaml" in refused(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"studies": []}, "--set: studies = []"),
        ({"studies": ["ssl", "ssl"]}, "--set: studies = ['ssl', 'ssl']: 'ssl' is listed twice; keep one"),
        ({"studies": ["sls"]}, "--set: unknown study 'sls'; did you mean 'ssl'?"),
        ({"seeds": 10**9}, "--set: seeds = 1000000000: input should be less than or equal to 1000"),
        ({"overrides": {"ssl": {"epochs": -1}}}, "--set: overrides.ssl: default: epochs = -1"),
        ({"overrides": {"ssl": {"epoch": 1}}}, "--set: overrides.ssl: default: unknown key 'epoch'"),
        ({"overrides": {"classification": {"seeds": 1}}}, "--set: overrides: studies/ood.yaml: seeds = 2: the study"),
    ],
)
def test_what_overrides_spoil_is_their_fault_and_not_the_studys(
    tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    folder = project.make(tmp_path, small=False)
    assert refused(folder, overrides=values).startswith(message)
    project.edit(folder / P, **values)
    assert refused(folder).startswith(message.replace("--set", P))


def test_a_fault_of_the_study_stays_the_studys_beside_overrides(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    project.edit(folder / C, baseline="nobody")
    assert refused(folder, overrides={"overrides": {"ssl": {"epochs": 2}}}).startswith(C)


def test_values_of_snakemakes_config_are_what_they_look_like(tmp_path: Path) -> None:
    given = {"tier": "smoke", "overrides": {"ssl": {"epochs": "2", "optimizer": {"learning_rate": "1e-3"}}}}
    meant = {"tier": "smoke", "overrides": {"ssl": {"epochs": 2, "optimizer": {"learning_rate": 0.001}}}}
    assert planning.configured(given) == meant
    folder = project.make(tmp_path, small=False)
    runs = planning.load(folder, planning.configured(given), option="--config").study_runs("ssl")
    assert runs[0].settings["optimizer"]["learning_rate"] == 0.001
    given["overrides"]["ssl"]["epochs"] = "-2"
    message = refused(folder, overrides=planning.configured(given), option="--config")
    assert message.startswith("--config: overrides.ssl: default: epochs = -2")


def test_a_plan_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expand, "MOST", 5)
    assert "the plan has more than 5 runs; take fewer seeds, variants or methods" in refused(project.make(tmp_path))


def test_a_study_asked_for_by_name_must_be_there(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    assert "unknown study 'odd'; did you mean 'ood'" in refused(folder, only="odd")
    with pytest.raises(UserError, match="unknown study 'odd'; did you mean 'ood'"):
        planning.load(folder).study_runs("odd")


def test_rates_belong_to_a_study(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    (folder / "studies/ssl.rates.yaml").rename(folder / "studies/sssl.rates.yaml")
    assert refused(folder) == "studies/sssl.rates.yaml: unknown study 'sssl'; did you mean 'ssl'?"


def test_a_study_that_says_driver_is_read_as_one_that_says_protocol(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    before = planning.load(folder)
    study = project.read(folder / C)
    study["driver"] = study.pop("protocol")
    project.write(folder / C, study)
    assert planning.load(folder).runs == before.runs


def test_the_plan_as_json_has_what_other_programs_rely_on(tmp_path: Path) -> None:
    plan = planning.load(project.make(tmp_path, small=False))
    content = json.loads(json.dumps(plan.to_json()))
    assert content.keys() >= {"runs", "datasets", "studies", "tier"}
    fields = {"id", "study", "dataset", "method", "variant", "seed", "settings", "path", "trained", "needs"}
    assert all(run.keys() >= fields for run in content["runs"])
    assert {run["settings"]["protocol"] for run in content["runs"]} == {"self_supervised", "supervised", "ood"}
    known = {run["id"]: run for run in content["runs"]}
    assert all(need in known for run in content["runs"] for need in run["needs"])
    near = [run for run in content["runs"] if run["study"] == "ood" and run["variant"] == "near"]
    assert near
    for run in near:
        (base,) = (known[need] for need in run["needs"])
        assert (base["variant"], base["seed"]) == ("held_out", run["seed"])
        assert run["settings"]["held_out_classes"] == base["settings"]["held_out_classes"] == [5, 7, 9]
    assert [entry["key"] for entry in content["studies"]] == ["ssl", "classification", "ood"]


def test_one_study_is_planned_with_those_it_builds_on_and_has_the_same_ids(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    alone = planning.load(folder, only="ood")
    assert set(alone.studies) == {"ood", "classification"}
    assert alone.study_runs("ood") == planning.load(folder).study_runs("ood")


def test_jobs_read_no_papers_and_no_studies_but_their_own(tmp_path: Path) -> None:
    folder = project.make(tmp_path, small=False)
    (folder / "papers/dcl.yaml").write_text("title: [", encoding="utf-8")
    (folder / "studies/ssl.yaml").write_text("title: [", encoding="utf-8")
    assert planning.load(folder, only="ood").study_runs("ood")
    assert "ssl.yaml line" in refused(folder)


def test_flags_are_what_differs_from_params(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    config = project.read(folder / P)
    assert planning.flags(config, folder) == ""
    flags = planning.flags({**config, "tier": "gpu", "overrides": {"ood": {"seeds": 1}}}, folder)
    assert flags == """--set 'overrides={"ood": {"seeds": 1}}' --set 'tier="gpu"'"""


def test_planning_imports_neither_torch_nor_numpy(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pipeline.planning import load; from pipeline.exhibits import outputs\n"
        "p = load.load(); outputs.digest(p); [outputs.of_study(s) for s in p.studies.values()]; assert p.runs\n"
        "heavy = {'torch', 'numpy', 'polars', 'matplotlib', 'mlflow', 'torchvision', 'sklearn'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    result = project.call(folder, "python", "-c", program, str(project.HERE))
    assert (result.stdout.strip(), result.returncode) == ("[]", 0), result.stderr


@pytest.mark.parametrize("tier", ["smoke", "laptop", "gpu"])
def test_the_projects_own_studies_can_be_planned_and_searched(tier: str) -> None:
    plan = planning.load(project.HERE, {"tier": tier})
    for run in plan.runs:
        assert all(plan.by_id[need].seed == run.seed for need in run.needs)
    for study in plan.studies.values():
        if tier in study.search:
            key = f"{study.key}_search"
            runs = planning.load(project.HERE, {"tier": tier}, key).study_runs(key)
            assert {run.settings["evaluate_on"] for run in runs} == {"validation"}
