# A thin view of the plan: which files come from which, and the command for each. No experiment is described here.
import os
import sys

from snakemake.scheduling.job_scheduler import JobScheduler

from pipeline.errors import UserError
from pipeline.exhibits import outputs
from pipeline.planning import load as planning


configfile: "params.yaml"


try:
    PLAN = planning.load(overrides=dict(config))
    # only what differs from params.yaml, so that the jobs plan what this call plans
    FLAGS = planning.flags(dict(config))
except UserError as error:
    print(f"recount: {error}", file=sys.stderr)
    sys.exit(2)

if workflow.local_exec:
    # For its limit of jobs a second, Snakemake weighs all jobs anew a second after each time that it has weighed them.
    # These turns add up: after a thousand jobs they are a fifth of two cores. Jobs that end give turns enough.
    JobScheduler._schedule_reevalutation = lambda self, delay: None

# jobs on this machine share a process that has torch imported (pipeline/commands/warm.py)
os.environ.setdefault("RECOUNT_WARM", "1")

DATA = "data/prepared/{dataset}/"
RUN = "{study}/{method}/{variant}-s{seed}-{hash}"
WEIGHTS = ("model.safetensors", "train.json")
TRAINED = [f"trained/{RUN}/{name}" for name in (*WEIGHTS, "history.jsonl")]
EVALUATED = [f"runs/{RUN}/{name}" for name in ("result.json", "predictions.npz")]


wildcard_constraints:
    dataset="|".join(PLAN.datasets),
    study="|".join(PLAN.studies),
    method="[a-z0-9_]+",
    variant="[a-z0-9_]+",
    seed=r"\d+",
    hash="[0-9a-f]{8}",


def planned(wildcards, tree):
    path = f"{tree}/{RUN}".format(**wildcards)
    found = (PLAN.by_path if tree == "runs" else PLAN.by_trained).get(path)
    if found is None:
        raise ValueError(f"{path} is not in the plan; `python -m pipeline plan` lists what is")
    return found


def manifests(keys):
    # their age means nothing: a run's id stands for the data's content, and preparing again gives the same bytes
    return [ancient(f"data/prepared/{key}/manifest.json") for key in keys]


def bases(run):
    return [f"{PLAN.by_id[need].trained}/{name}" for need in run.needs for name in WEIGHTS]


def training_needs(wildcards):
    run = planned(wildcards, "trained")
    return manifests(run.trained_on) + bases(run)


def evaluation_needs(wildcards):
    run = planned(wildcards, "runs")
    own = [f"{run.trained}/{name}" for name in WEIGHTS] if run.trains else []
    return own + manifests(run.datasets) + bases(run)


def results(study):
    return [f"{run.path}/{name}" for run in PLAN.study_runs(study) for name in ("result.json", "predictions.npz")]


def histories(study):
    return [f"{run.trained}/history.jsonl" for run in PLAN.study_runs(study) if run.trains]


# what takes seconds and needs no GPU stays on the machine that schedules
localrules:
    all,
    datasets,
    prepare,
    curves,
    metrics,
    claims,
    report,


rule all:
    input:
        "results/report.html",


rule datasets:
    input:
        manifests(PLAN.datasets),


rule prepare:
    output:
        DATA + "manifest.json",
    log:
        "logs/prepare/{dataset}.log",
    shell:
        "python -m pipeline prepare {wildcards.dataset} 2>&1 | tee {log}"


rule train:
    input:
        training_needs,
    output:
        TRAINED,
    params:
        run=lambda wildcards: planned(wildcards, "trained").trained,
    resources:
        gpu_slots=1,
    log:
        "logs/train/" + RUN + ".log",
    shell:
        "python -m pipeline train {params.run} {FLAGS} 2>&1 | tee {log}"


rule evaluate:
    input:
        evaluation_needs,
    output:
        EVALUATED,
    params:
        run=lambda wildcards: planned(wildcards, "runs").path,
    resources:
        gpu_slots=1,
    log:
        "logs/evaluate/" + RUN + ".log",
    shell:
        "python -m pipeline evaluate {params.run} {FLAGS} 2>&1 | tee {log}"


# What DVC shows of a study's training and evaluation: learning curves to plot, metrics to compare.
rule curves:
    input:
        lambda wildcards: histories(wildcards.study),
    output:
        "results/curves/{study}.csv",
    log:
        "logs/curves/{study}.log",
    shell:
        "python -m pipeline train {wildcards.study} {FLAGS} 2>&1 | tee {log}"


rule metrics:
    input:
        lambda wildcards: results(wildcards.study),
    output:
        "results/metrics/{study}.json",
    log:
        "logs/metrics/{study}.log",
    shell:
        "python -m pipeline evaluate {wildcards.study} {FLAGS} 2>&1 | tee {log}"


for key in PLAN.studies:

    rule:
        name:
            f"table_{key}"
        localrule: True
        input:
            results(key),
            histories(key),
        output:
            outputs.of_study(PLAN.studies[key]),
        params:
            study=key,
            plan=outputs.digest(PLAN, key),
        log:
            f"logs/table/{key}.log",
        shell:
            "python -m pipeline table {params.study} {FLAGS} 2>&1 | tee {log}"

    rule:
        name:
            key
        localrule: True
        input:
            outputs.of_study(PLAN.studies[key]),


rule claims:
    input:
        [path for key in PLAN.studies for path in results(key)],
        outputs.papers(),
    output:
        "results/claims.csv",
    params:
        plan=outputs.digest(PLAN),
    log:
        "logs/claims.log",
    shell:
        "python -m pipeline claims {FLAGS} 2>&1 | tee {log}"


rule report:
    input:
        [path for key in PLAN.studies for path in outputs.of_study(PLAN.studies[key])],
        "results/claims.csv",
    output:
        outputs.report(PLAN),
    params:
        plan=outputs.digest(PLAN),
    log:
        "logs/report.log",
    shell:
        "python -m pipeline report {FLAGS} 2>&1 | tee {log}"
