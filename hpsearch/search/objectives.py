"""The values of a trial that its study is told: one for each objective, in the order of the study file."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hpsearch import registry
from hpsearch.declarations import Direction
from hpsearch.events import History
from hpsearch.space.objectives import Objective, is_cost
from hpsearch.space.study_file import StudyFile


class Objectives:
    """What the trials of a study are judged by."""

    def __init__(self, file: StudyFile) -> None:
        self.all = file.objectives
        #: The place of the one by which trials are pruned and ranked.
        self.judge = self.all.index(file.objective)

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(objective.metric for objective in self.all)

    @property
    def directions(self) -> list[Direction]:
        return [objective.direction for objective in self.all]

    def values(self, history: History, costs: Mapping[str, int]) -> list[float] | None:
        """As they are after the last epoch so far; None where a cost could not be counted."""
        if any(is_cost(metric) and metric not in costs for metric in self.metrics):
            return None
        return [costs[metric] if is_cost(metric) else history.metrics[metric][-1] for metric in self.metrics]

    def worst(self) -> list[float]:
        """What a diverged trial is told with, so that the sampler learns from it."""
        return [_worst(objective) for objective in self.all]


def _worst(objective: Objective) -> float:
    known = registry.load("cost" if is_cost(objective.metric) else "metric", objective.metric)
    if known.direction == objective.direction:
        return float(known.worst)
    return -math.inf if objective.direction == "maximize" else math.inf
