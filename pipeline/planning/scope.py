"""What is made here, and what is shown as published: params.yaml's `rerun`, and each study's core."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.files import digest
from pipeline.planning.model import Claim, Paper, Params, Phenomenon, Run, Study
from pipeline.publishing import store

if TYPE_CHECKING:
    from pipeline.publishing.store import Published

Cells = frozenset[tuple[str, str, str]]
"""Study, variant and method."""


@dataclass(frozen=True)
class Scope:
    """A plan's scope. Files are read when something is asked of it. papers: yields all of them. anew: a study whose
    published results are about to be written, and are not looked at."""

    studies: Mapping[str, Study]
    runs: tuple[Run, ...]
    params: Params
    root: Path
    papers: Callable[[], Mapping[str, Paper]]
    anew: str | None = None

    @property
    def altered(self) -> str:
        """What the plan has in place of the studies' own budgets or seeds, in words; empty for nothing."""
        told = {"seeds": self.params.seeds, "first_seed": self.params.first_seed, "overrides": self.params.overrides}
        return ", ".join(f"{key} = {value}" for key, value in told.items() if value)

    @cached_property
    def published(self) -> "Mapping[str, Published]":
        """Study -> what is published of it at the plan's tier. UserError where a file was changed or cut.

        Nothing where the call asks for other seeds or another budget than the study's own, which is to be made then.
        """
        if self.params.seeds is not None or self.params.first_seed:
            return {}
        wanted = [key for key in self.studies if key not in self.params.overrides and key != self.anew]
        found = {key: store.read(key, self.root) for key in wanted}
        return {key: each for key, each in found.items() if each is not None and each.tier == self.params.tier}

    @cached_property
    def left(self) -> Cells:
        """The cells whose published results are shown in place of runs.

        With `rerun: all` none; with `none` all that are published; with `core` these less each study's core, which is
        all of it where no data are read. A cell that is not published is made, and with `core` so is what an
        unpublished claim or phenomenon is about.
        """
        if self.params.rerun == "all":
            return frozenset()
        there = self.published
        shown = {(run.study, run.variant, run.method) for run in self.runs}
        shown = {cell for cell in shown if cell[0] in there and cell[1:] in there[cell[0]].cells}
        if self.params.rerun == "core" and shown:
            # checks of theorems take seconds, and have no baseline
            shown -= {cell for cell in shown if self.studies[cell[0]].dataset is None}
            shown -= {(key, *cell) for key, study in self.studies.items() for cell in study.essential}
            shown -= {
                (claim.test.study, side.variant, side.method)
                for paper in self.papers().values()
                for claim in paper.claims
                if claim.test and not _is_published(paper, claim, there)
                for side in claim.test.sides
            }
            shown -= {
                (key, side.variant, side.method)
                for key, study in self.studies.items()
                for each in study.phenomena
                if not _is_shown(key, each, there)
                for side in each.sides
            }
        return frozenset(shown)


def _is_published(paper: Paper, claim: Claim, there: "Mapping[str, Published]") -> bool:
    """Whether a verdict on the claim is published, by the test that it states today."""
    assert claim.test is not None
    study = there.get(claim.test.study)
    line = study.claims.get((paper.key, claim.id)) if study else None
    return line is not None and line["asked"] == asked(claim)


def _is_shown(study: str, each: Phenomenon, there: "Mapping[str, Published]") -> bool:
    """Whether a verdict on the phenomenon is published, as it is stated today."""
    line = there[study].phenomena.get(each.id) if study in there else None
    return line is not None and line["asked"] == stated(each)


def stated(each: Phenomenon) -> str:
    """A phenomenon in a word, by which a published verdict on another one is told from it."""
    return word(each.model_dump(mode="json"))


def asked(claim: Claim) -> str:
    """A claim's test in a word, by which a verdict on another one is told from it. Of `despite` only whether it is
    given: in which words changes no verdict."""
    test = claim.test
    if test is None:
        return word(None)
    # what tests came to have later counts where it is stated, so that what was published before stands
    later = {name: value for name in LATER if (value := getattr(test, name)) is not None}
    return word(test.model_dump(mode="json", exclude=set(LATER)) | {"despite": bool(test.despite)} | later)


LATER = ("equals", "within")


def answered(runs: Iterable[Run], *told: Any) -> str:
    """In a word what a published verdict rests on: runs, and what else it follows from."""
    return word([sorted({run.id for run in runs}), *told])


def word(value: Any) -> str:
    """A JSON value in sixteen letters."""
    return digest(value)[:16]
