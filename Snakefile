# A thin view of the plan: which files come from which, and the command for each. No experiment is described here.
import os
import shlex
import sys
import time
from pathlib import Path

from pipeline import modalities
from pipeline.commands import engine
from pipeline.errors import UserError
from pipeline.exhibits import outputs
from pipeline.planning import load as planning

if not Path("params.yaml").is_file():
    print(f"recount: {Path.cwd()}: no params.yaml here; call snakemake in {Path(workflow.basedir).resolve()}", file=sys.stderr)
    sys.exit(2)


try:
    engine.check(workflow.resource_settings.cores, Path())
    # what --config says; params.yaml is read by the plan, which is stricter than Snakemake
    VALUES = planning.configured(dict(config))
    PLAN = planning.load(overrides=VALUES, option="--config")
    # only what differs from params.yaml, so that the jobs plan what this call plans
    FLAGS = planning.flags(VALUES)
except UserError as error:
    print(f"recount: {error}", file=sys.stderr)
    sys.exit(2)

PYTHON = f"{shlex.quote(sys.executable)} -m pipeline"

# jobs on this machine share a process that has torch imported (pipeline/commands/warm.py)
os.environ.setdefault("RECOUNT_WARM", "1")
# and what one of them finds out of the tracking store (pipeline/tracking/reach.py)
os.environ.setdefault("RECOUNT_CALL", f"{os.getpid()}-{time.time_ns()}")

RUN = "{cell}/{variant}-s{seed}-{hash}"
CELLS = {kind: sorted({f"{run.study}/{run.method}" for run in PLAN.runs if run.trains is kind}) for kind in (True, False)}


onstart:
    ENGINE.unhindered()


onsuccess:
    ENGINE.end()


onerror:
    ENGINE.end()


wildcard_constraints:
    study="|".join(PLAN.studies),
    cell="|".join(CELLS[True] + CELLS[False]),
    variant="[a-z0-9_]+",
    seed=r"\d+",
    hash="[0-9a-f]{8}",


def planned(wildcards, tree):
    path = f"{tree}/{RUN}".format(**wildcards)
    found = (PLAN.by_path if tree == "runs" else PLAN.by_trained).get(path)
    if found is None:
        raise ValueError(f"{path} is not in the plan; `python -m pipeline plan` lists what is")
    return found


def after(files):
    """An input: what `files` yields for the wildcards. No step runs again because of its age, but with what it reads."""

    def found(wildcards):
        ENGINE.begin()
        wanted = [path for path in files(wildcards) if path not in ENGINE.left]
        return [path if path in ENGINE.making else ancient(path) for path in wanted]

    return found


def prepared(keys):
    return [tuple(modalities.made(key, PLAN.recipes[key])) for key in keys]


def bases(run):
    return [engine.trained(PLAN.by_id[need]) for need in run.needs]


def training(wildcards):
    run = planned(wildcards, "trained")
    return engine.inputs(engine.trained(run), prepared(run.trained_on) + bases(run), leave=True)


def evaluation(wildcards):
    run = planned(wildcards, "runs")
    reads = [engine.trained(run)] if run.trains else []
    return engine.inputs(engine.evaluated(run), reads + prepared(run.datasets) + bases(run), leave=True)


def trainings(study):
    return [engine.trained(run) for run in PLAN.study_runs(study) if PLAN.trains(run)]


def results(study):
    return [engine.evaluated(run) for run in PLAN.made(study)]


def all_results():
    return [files for key in PLAN.studies for files in results(key)]


def all_of(groups):
    return [path for files in groups for path in files]


CLAIMS, REPORT = outputs.claims(PLAN), outputs.report(PLAN)
CURVES, METRICS, TABLES = (
    {key: exhibit(PLAN, key) for key in PLAN.studies} for exhibit in (outputs.curves, outputs.metrics, outputs.table)
)
EXHIBITS = (CLAIMS, REPORT, *CURVES.values(), *METRICS.values(), *TABLES.values())
ENGINE = engine.Engine(
    workflow,
    prepared(PLAN.datasets)
    + [files for run in PLAN.runs for files in (engine.trained(run), engine.evaluated(run)) if files],
    EXHIBITS,
)


# what takes seconds and needs no GPU stays on the machine that schedules
localrules:
    all,
    datasets,
    claims,
    report,


rule all:
    input:
        after(lambda _: all_of(prepared(PLAN.read))),
        after(lambda _: [path for key in PLAN.studies for path in all_of(trainings(key) + results(key))]),
        [path for key in PLAN.studies for path in TABLES[key].outputs],
        CLAIMS.outputs,
        REPORT.outputs,


rule datasets:
    input:
        after(lambda _: all_of(prepared(PLAN.read))),


for key in PLAN.datasets:

    rule:
        name:
            f"prepare_{key}"
        localrule: True
        input:
            after(lambda _: []),
        output:
            modalities.made(key, PLAN.recipes[key]),
        params:
            dataset=key,
        log:
            f"logs/prepare/{key}.log",
        shell:
            "{PYTHON} prepare {params.dataset} {FLAGS} 2>&1 | tee {log}"


rule train:
    input:
        after(training),
    output:
        [f"trained/{RUN}/{name}" for name in engine.TRAINING],
    params:
        run=lambda wildcards: planned(wildcards, "trained").trained,
    resources:
        gpu_slots=1,
    log:
        "logs/train/" + RUN + ".log",
    shell:
        "{PYTHON} train {params.run} {FLAGS} 2>&1 | tee {log}"


# of what was trained, and of scores of what others have trained
for name, trained, files in (("evaluate", True, engine.EVALUATION), ("score", False, engine.SCORE)):

    rule:
        name:
            name
        input:
            after(evaluation),
        output:
            [f"runs/{RUN}/{file}" for file in files],
        wildcard_constraints:
            cell="|".join(CELLS[trained]) or "none",
        params:
            run=lambda wildcards: planned(wildcards, "runs").path,
        resources:
            gpu_slots=1,
        log:
            "logs/evaluate/" + RUN + ".log",
        shell:
            "{PYTHON} evaluate {params.run} {FLAGS} 2>&1 | tee {log}"


for key in PLAN.studies:

    # what DVC shows of a study's training: learning curves to plot
    rule:
        name:
            f"curves_{key}"
        localrule: True
        input:
            after(lambda _, key=key: engine.inputs((), [engine.trained(run) for run in PLAN.made(key) if run.trains])),
        output:
            CURVES[key].outputs,
        params:
            study=key,
        log:
            f"logs/curves/{key}.log",
        shell:
            "{PYTHON} train {params.study} {FLAGS} 2>&1 | tee {log}"

    rule:
        name:
            f"trained_{key}"
        localrule: True
        input:
            after(lambda _, key=key: all_of(trainings(key))),
            CURVES[key].outputs,

    # and of its evaluation: metrics to compare
    rule:
        name:
            f"metrics_{key}"
        localrule: True
        input:
            after(lambda _, key=key: engine.inputs((), results(key))),
        output:
            METRICS[key].outputs,
        params:
            study=key,
        log:
            f"logs/metrics/{key}.log",
        shell:
            "{PYTHON} evaluate {params.study} {FLAGS} 2>&1 | tee {log}"

    rule:
        name:
            f"evaluated_{key}"
        localrule: True
        input:
            after(lambda _, key=key: all_of(results(key))),
            METRICS[key].outputs,

    rule:
        name:
            f"table_{key}"
        localrule: True
        input:
            after(lambda _, key=key: engine.inputs((), results(key))),
        output:
            TABLES[key].outputs,
        params:
            study=key,
        log:
            f"logs/table/{key}.log",
        shell:
            "{PYTHON} table {params.study} {FLAGS} 2>&1 | tee {log}"

    rule:
        name:
            key
        localrule: True
        input:
            after(lambda _, key=key: all_of(trainings(key) + results(key))),
            TABLES[key].outputs,


rule claims:
    input:
        after(lambda _: engine.inputs((), all_results())),
    output:
        CLAIMS.outputs,
    log:
        "logs/claims.log",
    shell:
        "{PYTHON} claims {FLAGS} 2>&1 | tee {log}"


rule report:
    input:
        after(lambda _: engine.inputs((), all_results() + [tuple(each.outputs) for each in (*TABLES.values(), CLAIMS)])),
    output:
        REPORT.outputs,
    log:
        "logs/report.log",
    shell:
        "{PYTHON} report {FLAGS} 2>&1 | tee {log}"
