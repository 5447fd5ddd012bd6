"""What makes one trial better than another: one objective or several, and limits that every network keeps to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, TypeAdapter, model_validator

from hpsearch import registry
from hpsearch.space import fields
from hpsearch.space.problems import Problem, ProblemsError, wrong
from hpsearch.space.section import Section


def default_direction(metric: str) -> Literal["maximize", "minimize"]:
    """The better direction of a metric, or of a cost."""
    table = "cost" if is_cost(metric) else "metric"
    direction: Literal["maximize", "minimize"] = registry.load(table, metric).direction
    return direction


def _metric_direction(fields_so_far: dict[str, Any]) -> Literal["maximize", "minimize"]:
    return default_direction(fields_so_far["metric"])


def is_cost(metric: str) -> bool:
    """Whether it is known before training, and does not change in it."""
    return metric in registry.names("cost")


class Objective(Section):
    """What makes one trial better than another."""

    metric: fields.Metric = "dev_accuracy"
    direction: fields.Direction = Field(default_factory=_metric_direction)


class Constraints(Section):
    """The most that a network may cost. What costs more is not trained."""

    max_parameters: fields.OptionalCount = None
    max_multiply_adds: fields.OptionalCount = None

    @model_validator(mode="before")
    @classmethod
    def _no_time(cls, raw: object) -> object:
        if isinstance(raw, dict) and "max_seconds" in raw:
            what, hint = "time is not known before training", "search.trial_timeout ends a trial that takes longer"
            raise ProblemsError([Problem(("max_seconds",), what, hint)])
        return raw

    @property
    def limits(self) -> dict[str, int]:
        """Cost → the most of it; only those that are limited."""
        return {key.removeprefix("max_"): most for key, most in self if most is not None}

    def fit(self, costs: Mapping[str, int]) -> bool:
        """Whether a network keeps to the limits; what could not be counted breaks none."""
        return all(costs.get(name, 0) <= most for name, most in self.limits.items())


def _objectives(raw: object) -> tuple[Objective, ...]:
    if not isinstance(raw, list | tuple):
        one = TypeAdapter(Objective).validate_python(raw)
        if is_cost(one.metric):
            raise ProblemsError([Problem(("metric",), f"{one.metric} is known before training: {_NONE_MEASURED}")])
        return (one,)
    if not raw:
        raise wrong("an empty list leaves nothing to judge trials by")
    several = TypeAdapter(tuple[Objective, ...]).validate_python(raw)
    metrics = [objective.metric for objective in several]
    twice = [place for place, metric in enumerate(metrics) if metric in metrics[:place]]
    if twice:
        raise ProblemsError([Problem((place, "metric"), f"{metrics[place]!r} is there twice") for place in twice])
    if all(map(is_cost, metrics)):
        raise wrong(f"all of these are known before training: {_NONE_MEASURED}")
    return several


def _plain(objectives: tuple[Objective, ...]) -> Any:
    plain = [objective.model_dump(mode="json") for objective in objectives]
    return plain[0] if len(plain) == 1 else plain


_NONE_MEASURED = "name a metric of the dev part too"

Objectives = Annotated[tuple[Objective, ...], PlainValidator(_objectives), PlainSerializer(_plain, when_used="json")]
"""One, written as a mapping, or a list of several. At least one is measured on the dev part."""
