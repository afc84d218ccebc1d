"""MLflow mirrors the result files: the only module that knows it.

One experiment per study. In it a parent run per method (`recount.kind` = method) with a run per planned run below
(`recount.kind` = run), found again by the tag `recount.id`, and one run with the study's tables and figures
(`recount.kind` = exhibits). Claims and report are in an experiment of their own.

The files are the truth. Whatever goes wrong with the store is logged once and never stops a run: `send` and `Live`
give up for the rest of the process, and of Snakemake's call, and `sync` sends later what is not there yet. Every
find-or-create happens under `.recount/track.lock`, and so does making the database, which MLflow cannot do in two
processes at once.
"""

from pipeline.tracking.later import LATER, finish, send_later
from pipeline.tracking.reach import given_up
from pipeline.tracking.records import MlflowRecords
from pipeline.tracking.runs import Live, flatten, send
from pipeline.tracking.store import shown_uri, store_uri, trouble, ui_command
from pipeline.tracking.sync import Summary, sync

__all__ = [
    "LATER",
    "Live",
    "MlflowRecords",
    "Summary",
    "finish",
    "flatten",
    "given_up",
    "send",
    "send_later",
    "shown_uri",
    "store_uri",
    "sync",
    "trouble",
    "ui_command",
]
