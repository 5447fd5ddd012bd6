"""The types of the study file's plain values: each checks one value and says what is wrong in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import PlainSerializer, PlainValidator

from hpsearch import registry
from hpsearch.errors import did_you_mean
from hpsearch.events import Scalar
from hpsearch.space.assignments import rows_of
from hpsearch.space.problems import Problem, ProblemsError, shown, wrong
from hpsearch.space.sampler_plan import Plan, plan_field
from hpsearch.space.values import known_name, number

MOST_WORKERS = 256
_STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DURATION = re.compile(r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?) ?([kmgt]i?)?b?", re.IGNORECASE)
_DEVICE = re.compile(r"cpu|mps|cuda(:[0-9]{1,4})?")


def study_name(value: object) -> str:
    """A name that can be a file name everywhere. Raises ProblemsError."""
    if not isinstance(value, str):
        raise wrong(f"must be text, not {shown(value)}", "put it in quotes")
    if not _STUDY_NAME.fullmatch(value):
        rule = "must start with a letter or digit and have only letters, digits, '-', '_' and '.', at most 64"
        raise wrong(f"{rule}, not {shown(value)}")
    return value


def span(value: object) -> float:
    """A time span in seconds: a number above 0, or text like ``90s``, ``10m``, ``1h30m``, ``2d``."""
    if value is None or isinstance(value, str):
        found = _DURATION.fullmatch(value or "")
        if not found or not value:
            raise wrong(f"must be seconds or a time like '90s', '10m' or '1h30m', not {shown(value)}")
        days, hours, minutes, rest = (int(part or 0) for part in found.groups())
        value = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    length = float(number(value, integer=False))
    if length <= 0:
        raise wrong(f"must be above 0 seconds, not {length:g}")
    return length


def seconds(value: object) -> float | None:
    """As `span`, where there may be none."""
    return None if value is None else span(value)


def size(value: object) -> int:
    """A size in bytes: a whole number, or text like ``500MB``, ``2GB``, ``1.5GiB``; at least 1."""
    if isinstance(value, str):
        found = _SIZE.fullmatch(value)
        if not found:
            raise wrong(f"must be bytes or a size like '500MB', '2GB' or '1.5GiB', not {shown(value)}")
        unit = (found[2] or "").lower()
        base = 1024 if unit.endswith("i") else 1000
        value = int(Decimal(found[1]) * base ** " kmgt".index(unit[:1] or " "))
    return _at_least_one(value)


def _optional_whole(value: object) -> int | None:
    return None if value is None else _at_least_one(value)


def _at_least_one(value: object) -> int:
    whole = int(number(value, integer=True))
    if whole < 1:
        raise wrong(f"must be at least 1, not {whole}")
    return whole


def _seed(value: object) -> int:
    whole = int(number(value, integer=True))
    if whole < 0:
        raise wrong(f"must be at least 0, not {whole}")
    return whole


def _optional_number(value: object) -> float | None:
    return None if value is None else float(number(value, integer=False))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise wrong(f"must be text, not {shown(value)}", "put it in quotes")
    if not value or not value.isprintable():
        raise wrong(f"must be a name, not {shown(value)}")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _columns(value: object) -> tuple[str, ...] | None:
    """Names of columns, each once."""
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise wrong(f"must be a list of column names, not {shown(value)}", "write [a, b]")
    problems: list[Problem] = []
    for index, name in enumerate(value):
        try:
            if _text(name) in value[:index]:
                problems.append(Problem((index,), f"{shown(name)} is there twice"))
        except ProblemsError as error:
            problems += [Problem((index,), problem.what, problem.hint) for problem in error.problems]
    if problems:
        raise ProblemsError(problems)
    return tuple(value)


def _list(columns: tuple[str, ...] | None) -> list[str] | None:
    return None if columns is None else list(columns)


def _task(value: object) -> str:
    return "auto" if value == "auto" else known_name("task", value)


def _either(*known: str) -> Callable[[object], str]:
    """A check that a value is one of a few words."""

    def check(value: object) -> str:
        if value not in known:
            raise wrong(f"must be {' or '.join(map(repr, known))}, not {shown(value)}", did_you_mean(value, known))
        return str(value)

    return check


def _workers(value: object) -> int | str:
    if value == "auto":
        return "auto"
    if isinstance(value, str):
        raise wrong(f"must be 'auto' or a whole number, not {shown(value)}")
    if (workers := _at_least_one(value)) > MOST_WORKERS:
        raise wrong(f"must be at most {MOST_WORKERS}, not {workers}")
    return workers


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong(f"must be true or false, not {shown(value)}")
    return value


def _population(value: object) -> int | None:
    if value is not None and (whole := _at_least_one(value)) < 4:
        raise wrong(f"must be at least 4, not {whole}")
    return None if value is None else int(number(value, integer=True))


def _several(value: object) -> int:
    whole = _at_least_one(value)
    if whole < 2:
        raise wrong(f"must be at least 2, not {whole}")
    return whole


def _spread(value: object) -> float:
    part = _share(value)
    if part <= 0:
        raise wrong(f"must be above 0, not {part:g}")
    return part


def _share(value: object) -> float:
    part = float(number(value, integer=False))
    if not 0 <= part <= 1:
        raise wrong(f"must be at least 0 and at most 1, not {part:g}")
    return part


def _optional_share(value: object) -> float | None:
    return None if value is None else _share(value)


def _count_or_auto(value: object) -> int | str:
    if value == "auto":
        return "auto"
    if isinstance(value, str):
        raise wrong(f"must be 'auto' or a whole number, not {shown(value)}")
    return _at_least_one(value)


def _devices(value: object) -> str:
    """`auto`, or devices with commas between them, or a list of them."""
    names = value.split(",") if isinstance(value, str) else value
    if value == "auto":
        return "auto"
    if not isinstance(names, list) or not names:
        raise wrong(f"must be auto, cpu, mps, cuda or cuda:N, or a list of these, not {shown(value)}")
    for name in names:
        if not isinstance(name, str) or not _DEVICE.fullmatch(name.strip()):
            raise wrong(f"must be auto, cpu, mps, cuda or cuda:N, or a list of these, not {shown(name)}")
    return ",".join(name.strip() for name in names)


def _metric(value: object) -> str:
    """A metric of the dev part, or a cost of the network."""
    if value in ("seconds", "time"):
        what = f"{value!r} cannot be searched on: time is never the same again, and the search would not be either"
        raise wrong(what, "'multiply_adds' is a cost that is counted")
    costs = registry.names("cost")
    if value in costs:
        return str(value)
    if isinstance(value, str) and value not in registry.names("metric"):
        raise wrong(f"there is no metric {shown(value)}", did_you_mean(value, [*registry.names("metric"), *costs]))
    return known_name("metric", value)


def _optional_metric(value: object) -> str | None:
    return None if value is None else _metric(value)


def _executor(value: object) -> str:
    return "auto" if value == "auto" else known_name("executor", value)


def _top(value: object) -> int | str:
    if value == "all":
        return "all"
    if isinstance(value, str):
        raise wrong(f"must be 'all' or a whole number, not {shown(value)}")
    return _at_least_one(value)


StudyName = Annotated[str, PlainValidator(study_name)]
Count = Annotated[int, PlainValidator(_at_least_one)]
OptionalCount = Annotated[int | None, PlainValidator(_optional_whole)]
LowDiscrepancy = Annotated[Literal["sobol", "halton"], PlainValidator(_either("sobol", "halton"))]
Population = Annotated[int | None, PlainValidator(_population)]
Spread = Annotated[float, PlainValidator(_spread)]
Several = Annotated[int, PlainValidator(_several)]
Flag = Annotated[bool, PlainValidator(_flag)]
Share = Annotated[float, PlainValidator(_share)]
OptionalShare = Annotated[float | None, PlainValidator(_optional_share)]
Seed = Annotated[int, PlainValidator(_seed)]
OptionalNumber = Annotated[float | None, PlainValidator(_optional_number)]
Seconds = Annotated[float | None, PlainValidator(seconds)]
Span = Annotated[float, PlainValidator(span)]
Size = Annotated[int, PlainValidator(size)]
Direction = Annotated[Literal["maximize", "minimize"], PlainValidator(_either("maximize", "minimize"))]
Order = Annotated[Literal["exact", "arrival"], PlainValidator(_either("exact", "arrival"))]
Ticks = Annotated[Literal["epochs", "cost"], PlainValidator(_either("epochs", "cost"))]
Workers = Annotated[int | Literal["auto"], PlainValidator(_workers)]
Stack = Annotated[int | Literal["auto"], PlainValidator(_count_or_auto)]
Cohort = Annotated[int | Literal["auto"], PlainValidator(_count_or_auto)]
Devices = Annotated[str, PlainValidator(_devices)]
Top = Annotated[int | Literal["all"], PlainValidator(_top)]
Rows = Annotated[tuple[dict[str, Scalar], ...], PlainValidator(rows_of), PlainSerializer(list, when_used="json")]
Assignment = Annotated[dict[str, Scalar], PlainValidator(lambda value: rows_of([value])[0])]
Executor = Annotated[str, PlainValidator(_executor)]
OptionalText = Annotated[str | None, PlainValidator(_optional_text)]
Columns = Annotated[tuple[str, ...] | None, PlainValidator(_columns), PlainSerializer(_list, when_used="json")]
Task = Annotated[str, PlainValidator(_task)]
DataName = Annotated[str, PlainValidator(lambda value: known_name("data", value))]
Normalize = Annotated[str, PlainValidator(lambda value: known_name("normalize", value))]
Precision = Annotated[str, PlainValidator(lambda value: known_name("precision", value))]
Model = Annotated[str, PlainValidator(lambda value: known_name("model", value))]
Metric = Annotated[str, PlainValidator(_metric)]
OptionalMetric = Annotated[str | None, PlainValidator(_optional_metric)]
Sampler = Annotated[Plan, PlainValidator(plan_field), PlainSerializer(Plan.to_json)]
Pruner = Annotated[str, PlainValidator(lambda value: known_name("pruner", value))]
