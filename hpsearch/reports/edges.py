"""Where the best trials crowd at the end of a searched range, and which wider range to try.

Godbole et al., "Deep Learning Tuning Playbook", 2023: if the best points cluster towards the boundary of a search
space, the space should be expanded in that direction.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.reports.words import label
from hpsearch.search.records import Dimension, StudyRecord, TrialRecord
from hpsearch.space.yaml_tree import NotReadableError, read_yaml

BEST = 0.1  # the share of the trials that are looked at …
FEWEST, MOST = 5, 50  # … and at least and at most so many of them
ZONE = 0.1  # how much of a range lies at an end of it
LUCK = 0.01  # so many at an end must be less likely than this, if the places were drawn at random
SIDES: tuple[Literal["low"], Literal["high"]] = ("low", "high")
BARE = re.compile(r"[A-Za-z][\w.-]*")


@dataclass(frozen=True, slots=True)
class Edge:
    """`hits` of the `best` trials in which it is active lie at this end of the hyperparameter's range.

    `wider` is the range to try, as a line of a study file; empty where the hyperparameter can't go further.
    """

    name: str
    side: Literal["low", "high"]
    end: float
    hits: int
    best: int
    wider: str

    @property
    def sentence(self) -> str:
        """The warning in words."""
        crowd = f"{self.hits} of the {self.best} best trials lie at the {self.side} end of {label(self.name)}"
        return f"{crowd}. Try a wider range: {self.wider}" if self.wider else f"{crowd}, and it cannot go further."


def edges(study: StudyRecord) -> tuple[Edge, ...]:
    """Every end of a range at which more of the best trials lie than chance would bring there, in the study's order."""
    ranked = study.ranked
    best = ranked[: min(MOST, max(FEWEST, math.ceil(BEST * len(ranked))))]
    if len(ranked) < 2 * FEWEST or best[-1].value == ranked[-1].value:
        return ()  # too few, or the best of many equal ones, which are where they happen to be
    written = _written(study)
    found = []
    for dimension in study.dimensions:
        if dimension.options is None and dimension.varies:
            found += [edge for side in SIDES if (edge := _edge(dimension, side, best, written))]
    return tuple(found)


def _edge(
    dimension: Dimension, side: Literal["low", "high"], best: Sequence[TrialRecord], written: Mapping[str, Any]
) -> Edge | None:
    places = [place for trial in best if (place := dimension.place(trial.params)) is not None]
    inner, chance = _zone(dimension, side)
    hits = sum(place <= inner if side == "low" else place >= inner for place in places)
    if len(places) < FEWEST or 2 * hits < len(places) or _at_least(hits, len(places), chance) >= LUCK:
        return None
    end = (dimension.low if side == "low" else dimension.high) or 0.0
    further = _further(dimension, side)
    wider = "" if further is None else _line(dimension, side, further, written)
    return Edge(dimension.name, side, end, hits, len(places), wider)


def _zone(dimension: Dimension, side: Literal["low", "high"]) -> tuple[float, float]:
    """Where the zone at an end begins, and how much of the range it is: a tenth, or one whole number."""
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.integer and not dimension.log and high - low < 1 / ZONE:
        return (low if side == "low" else high), 1 / ((high - low) / (dimension.step or 1) + 1)
    scale, back = (math.log, math.exp) if dimension.log else (float, float)
    span = scale(high) - scale(low)
    return back(scale(low) + ZONE * span if side == "low" else scale(high) - ZONE * span), ZONE


def _at_least(hits: int, of: int, chance: float) -> float:
    """The probability of so many hits or more, each with this chance."""
    return sum(math.comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(hits, of + 1))


def _further(dimension: Dimension, side: Literal["low", "high"]) -> float | None:
    """The end moved outwards: by a factor of ten, or by half the range; None where it stands at its bound."""
    low, high = dimension.low or 0.0, dimension.high or 0.0
    sign = -1 if side == "low" else 1
    end = low if side == "low" else high
    if dimension.log:
        wanted = end * (4.0 if dimension.integer else 10.0) ** sign
        wanted = max(1.0, round(wanted)) if dimension.integer else float(f"{wanted:.2g}")
    else:
        step = dimension.step or (1.0 if dimension.integer else 0.0)
        wanted = end + sign * (math.ceil((high - low) / 2 / step) * step if step else (high - low) / 2)
        wanted = float(f"{wanted:.6g}")
    bound, open_end = _bound(dimension.name, side)
    if bound is not None and (wanted - bound) * sign >= 0:
        wanted = float(f"{(end + bound) / 2:.4g}") if open_end and not dimension.integer else bound
    return None if wanted == end else wanted


def _bound(name: str, side: Literal["low", "high"]) -> tuple[float | None, bool]:
    """What a hyperparameter may be at most or at least, and whether that itself is excluded."""
    if name not in registry.TABLES["hyperparameters"]:
        return None, False
    declared: Hyperparameter = registry.load("hyperparameters", name)
    return (declared.low, declared.open_low) if side == "low" else (declared.high, declared.open_high)


def _written(study: StudyRecord) -> Mapping[str, Any]:
    """The hyperparameters as the study file has them; nothing where it cannot be read."""
    try:
        tree = read_yaml(study.study_file).value
    except NotReadableError:
        return {}
    found = tree.get("hyperparameters") if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}


def _line(dimension: Dimension, side: str, further: float, written: Mapping[str, Any]) -> str:
    """The wider range as the study file would have it, with whatever else is said there."""
    form = written.get(dimension.name)
    if not isinstance(form, dict) or "low" not in form:
        form = {"low": dimension.low, "high": dimension.high}
        form |= {"log": True} if dimension.log else {}
        form |= {"step": dimension.step} if dimension.step else {}
    end = int(further) if dimension.integer else further
    return f"{_flow(dimension.name)}: {_flow({**form, side: end})}"


def _flow(value: Any) -> str:
    """YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and abs(value) < 1e6 else f"{value:g}"
    words = ("true", "false", "null")
    if isinstance(value, str) and BARE.fullmatch(value) and value.lower() not in words:
        return value
    return json.dumps(value, ensure_ascii=False)
