"""The study file as typed, frozen, checked data: one model for each of its sections."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PlainValidator, model_validator

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.space import fields
from hpsearch.space.assignments import Queued, checked_assignments, fitting
from hpsearch.space.conditions import parse_hyperparameters
from hpsearch.space.grid import beside, count
from hpsearch.space.hyperparameters import Form, Space
from hpsearch.space.objectives import Constraints, Objective, Objectives, is_cost
from hpsearch.space.problems import Problem, ProblemsError
from hpsearch.space.sampler_plan import TPE
from hpsearch.space.section import Section
from hpsearch.space.split import SplitOrAuto

MOST_CELLS = 100_000
AUTO_COHORT = 1  # measured, see docs/benchmarks.md; with another one, stored studies would be other searches
LIMITS = ("trials", "timeout", "trial_timeout", "target", "patience")  # of `search:`: how long to go on
PATHS = ("path", "dev_path", "test_path")  # of `data:`; a relative one starts at the study file's folder


class Data(Section):
    """What to train on. Plain text is its name."""

    name: fields.DataName
    path: fields.OptionalText = None
    dev_path: fields.OptionalText = None
    test_path: fields.OptionalText = None
    target: fields.OptionalText = None
    numeric: fields.Columns = None
    categorical: fields.Columns = None
    group: fields.OptionalText = None
    task: fields.Task = "auto"
    split: SplitOrAuto = "auto"
    normalize: fields.Normalize = "standard"
    seed: fields.Seed = 0

    @model_validator(mode="before")
    @classmethod
    def _just_a_name(cls, raw: object) -> object:
        return {"name": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _suits_the_source(self) -> Data:
        """The source says which keys it takes. A plain function says nothing, and takes none."""
        source = registry.load("data", self.name)
        problems = source.problems(self.model_dump()) if hasattr(source, "problems") else []
        if problems:
            raise ProblemsError([Problem(path, what) for path, what in problems])
        return self


class Training(Section):
    """How networks are computed, for all trials alike."""

    precision: fields.Precision = "float32"


class WarmRow(Section):
    """A trial of the other study: its number, those of its values that fit, and whether its result counts here."""

    number: fields.Seed
    values: fields.Assignment
    known: fields.Flag = False


class WarmStart(Section):
    """Another study of the workspace, whose best trials come first here. Plain text is its name.

    `results`: those that were this study's own assignments, trained on its data, come with what they came to.
    `rows` is filled in when the study begins, so that it goes on without the other one.
    """

    study: fields.StudyName
    top: fields.Top = 5
    results: fields.Flag = False
    rows: tuple[WarmRow, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _just_a_name(cls, raw: object) -> object:
        return {"study": raw} if isinstance(raw, str) else raw


class Search(Section):
    """How values are chosen, which trials are cut short, and when it is enough."""

    sampler: fields.Sampler = TPE
    pruner: fields.Pruner = "none"
    trials: fields.Count = 20
    seed: fields.Seed = 0
    slots: fields.Count = 16
    order: fields.Order = "exact"
    ticks: fields.Ticks = "epochs"
    cohort: fields.Cohort = "auto"
    timeout: fields.Seconds = None
    trial_timeout: fields.Seconds = None
    target: fields.OptionalNumber = None
    patience: fields.OptionalCount = None
    judge_by: fields.OptionalMetric = None
    constraints: Constraints = Constraints()
    enqueue: fields.Rows = ()
    warm_start: WarmStart | None = None
    repeats: fields.Flag = False


class Checkpoints(Section):
    """How often a trial under way is saved, and the bytes that all networks on the disk may take."""

    every: fields.Span = 60.0
    disk: fields.Size = 10**9


class Execution(Section):
    """Where trials run. Nothing here changes a result."""

    executor: fields.Executor = "auto"
    workers: fields.Workers = "auto"
    stack: fields.Stack = "auto"
    devices: fields.Devices = "auto"
    checkpoints: Checkpoints = Checkpoints()

    @model_validator(mode="before")
    @classmethod
    def _one_device(cls, raw: object) -> object:
        """Studies of before there were several knew one `device`."""
        if isinstance(raw, dict) and "device" in raw and "devices" not in raw:
            return {"devices" if key == "device" else key: value for key, value in raw.items()}
        return raw

    @model_validator(mode="after")
    def _inline_is_one(self) -> Execution:
        if self.executor == "inline" and isinstance(self.workers, int) and self.workers > 1:
            what = f"the inline executor has one worker, not {self.workers}"
            raise ProblemsError([Problem(("workers",), what, "write auto or 1, or executor: processes")])
        return self


class StudyFile(Section):
    """One search: data, model, hyperparameters, training, objective, search and execution."""

    name: fields.StudyName
    data: Data
    model: fields.Model = "mlp"
    hyperparameters: Annotated[dict[str, Form], PlainValidator(parse_hyperparameters)]
    training: Training = Training()
    objectives: Objectives = Field(default=(Objective(),), alias="objective")
    search: Search = Search()
    execution: Execution = Execution()

    @model_validator(mode="after")
    def _judge_is_an_objective(self) -> StudyFile:
        """What trials are judged by is one of the objectives, and known epoch by epoch."""
        known = [objective.metric for objective in self.objectives if not is_cost(objective.metric)]
        if self.search.judge_by not in (None, *known):
            what = f"{self.search.judge_by} is not a metric of the dev part among the objectives"
            raise ProblemsError([Problem(("search", "judge_by"), what, f"these are: {', '.join(known)}")])
        return self

    @model_validator(mode="after")
    def _enqueues_what_it_searches(self) -> StudyFile:
        try:
            checked_assignments(self.space, self.search.enqueue)
        except ProblemsError as error:
            raise ProblemsError(
                [Problem(("search", "enqueue", *one.path), one.what, one.hint) for one in error.problems]
            ) from None
        return self

    @property
    def objective(self) -> Objective:
        """The one by which trials are pruned and ranked: that of `search.judge_by`, or the first that is measured."""
        measured = [objective for objective in self.objectives if not is_cost(objective.metric)]
        return next((o for o in measured if o.metric == self.search.judge_by), measured[0])

    @property
    def counts_costs(self) -> bool:
        """Whether networks are to be counted before they are trained."""
        return bool(self.search.constraints.limits) or any(is_cost(o.metric) for o in self.objectives)

    @property
    def queue(self) -> tuple[Queued, ...]:
        """What trials 0, 1, … take over: `enqueue`, then the rows of `warm_start`, or first these if with results."""
        warm = self.search.warm_start
        own = [Queued(given) for given in checked_assignments(self.space, self.search.enqueue)]
        if warm is None:
            return tuple(own)
        taken = [Queued(fitting(self.space, row.values), warm.study, row.number, row.known) for row in warm.rows or ()]
        return (*taken, *own) if warm.results else (*own, *taken)

    @property
    def space(self) -> Space:
        """The hyperparameters, parents first."""
        return Space(self.hyperparameters)

    @property
    def total(self) -> int:
        """How many trials there will be: a grid ends with its cells, and what is enqueued beside them.

        Raises InputError for too large a grid.
        """
        plan, total = self.search.sampler, self.search.trials
        for start, part in zip(plan.starts, plan.parts, strict=True):
            if part.name == "grid":
                cells = self._cells(part.trials or 1)
                if part.trials is None:
                    end = start + cells + beside(self.space, [queued.given for queued in self.queue[start:]])
                    total = min(total, end)
        return total

    def _cells(self, wanted: int) -> int:
        """How many cells a grid has. Raises InputError where these are too many, or fewer than are wanted."""
        cells = count(self.space)
        if cells > MOST_CELLS:
            raise InputError(
                f"search.sampler: a grid over this space has {cells} cells, more than {MOST_CELLS}",
                hint="fix some hyperparameters, give fewer points, or take another sampler",
            )
        if cells < wanted:
            what = f"search.sampler: a grid over this space has {cells} cells, fewer than its {wanted} trials"
            raise InputError(what)
        return cells

    @property
    def cohort(self) -> int:
        """How many trials in a row share the values of all hyperparameters that are not fusible."""
        return AUTO_COHORT if self.search.cohort == "auto" else self.search.cohort

    def to_dict(self) -> dict[str, Any]:
        """The whole file as JSON-able data, defaults filled in; validating it gives an equal study file."""
        sections = self.model_dump(mode="json", by_alias=True, exclude={"hyperparameters"})
        forms = {name: form.to_json() for name, form in self.hyperparameters.items()}
        keys = [field.alias or name for name, field in type(self).model_fields.items()]
        return {key: forms if key == "hyperparameters" else sections[key] for key in keys}

    def identity(self) -> dict[str, Any]:
        """Everything that decides results, as JSON-able data.

        Left out: how long to go on (trials, timeout, target, patience), where it runs (execution) and in which
        folder a data file lies.
        `order` holds the searched names, because samplers draw values in that order.
        """
        everything = self.to_dict()
        del everything["execution"]
        for key in LIMITS:
            del everything["search"][key]
        everything["search"]["cohort"] = self.cohort
        if everything["search"]["warm_start"] is not None:
            del everything["search"]["warm_start"]["rows"]  # they follow from the rest
        for key in PATHS:
            if everything["data"][key] is not None:
                everything["data"][key] = Path(everything["data"][key]).name
        return {**everything, "order": list(self.space.searched)}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What changed between two identities: one ``dotted.path: old → new`` for each value, sorted by path."""
    return [said for _, said in differences_by_path(old, new)]


def differences_by_path(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    """As `differences`, each with its path."""
    return [
        (path, f"{'.'.join(path)}: {_said(before)} → {_said(after)}") for path, before, after in _changes((), old, new)
    ]


_ABSENT = object()


def _changes(path: tuple[str, ...], old: object, new: object) -> list[tuple[tuple[str, ...], object, object]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            change
            for key in sorted({*old, *new})
            for change in _changes((*path, key), old.get(key, _ABSENT), new.get(key, _ABSENT))
        ]
    return [] if old == new else [(path, old, new)]


def _said(value: object) -> str:
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return f"{len(value)} assignment{'' if len(value) == 1 else 's'}"
    return "absent" if value is _ABSENT else value if isinstance(value, str) else json.dumps(value)
