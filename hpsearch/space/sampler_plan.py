"""Which samplers propose a study's trials: one, with its options, or several one after the other."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError, ValidationInfo

from hpsearch import registry
from hpsearch.errors import did_you_mean
from hpsearch.space.forms import Checks
from hpsearch.space.problems import Problem, ProblemsError, shown, wrong
from hpsearch.space.section import Section
from hpsearch.space.values import known_name, number

STORED = object()  # pydantic's context where a study is read that is there already
OWN_KEYS = ("name", "trials")  # of a part; all others are options of its sampler


@dataclass(frozen=True)
class Part:
    """A sampler, those of its options that are not as by default, and how many trials are its; None: all the rest."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()
    trials: int | None = None

    def __str__(self) -> str:
        options = ", ".join(f"{key} {value}" for key, value in self.options)
        return self.name + (f" ({options})" if options else "")

    def to_json(self) -> Any:
        """As the study file writes it, in one canonical form: a name where there is nothing else to say."""
        trials = {} if self.trials is None else {"trials": self.trials}
        return {"name": self.name, **trials, **dict(self.options)} if trials or self.options else self.name


@dataclass(frozen=True)
class Plan:
    """The parts in the order of the trials: each begins where the one before it ends, and the last has no end."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return ", then ".join(f"{part.trials} × {part}" if part.trials else str(part) for part in self.parts)

    @property
    def alone(self) -> str | None:
        """The sampler's name where there is only one."""
        return self.parts[0].name if len(self.parts) == 1 else None

    @property
    def starts(self) -> tuple[int, ...]:
        """The number of each part's first trial."""
        before = [part.trials or 0 for part in self.parts[:-1]]
        return tuple(sum(before[:place]) for place in range(len(self.parts)))

    def at(self, number: int) -> Part:
        """The part that a trial belongs to."""
        return self.parts[bisect_right(self.starts, number) - 1]

    def to_json(self) -> Any:
        """As the study file writes it: one part by itself, several as a list."""
        parts = [part.to_json() for part in self.parts]
        return parts[0] if len(parts) == 1 else parts


TPE = Plan((Part("tpe"),))


def plan_field(raw: object, info: ValidationInfo) -> Plan:
    """As `parse_plan`. What a study already has is only read: its sampler's package may be gone since."""
    return _trusted(raw) if info.context is STORED else parse_plan(raw)


def _trusted(raw: Any) -> Plan:
    parts = []
    for said in raw if isinstance(raw, list) else [raw]:
        keys: dict[str, Any] = {"name": said} if isinstance(said, str) else dict(said)
        name, trials = keys.pop("name"), keys.pop("trials", None)
        parts.append(Part(name, tuple(keys.items()), trials))
    return Plan(tuple(parts))


def parse_plan(raw: object) -> Plan:
    """A name, a mapping with a name and options, or a list of these. Raises ProblemsError with all that is wrong."""
    if isinstance(raw, Plan):
        return raw
    if not isinstance(raw, list):
        return Plan((_part(raw, None),))
    if not raw:
        raise wrong("an empty list names no sampler")
    checks = Checks()
    last = len(raw) - 1
    parts = [checks.run((place,), partial(_part, said, place == last)) for place, said in enumerate(raw)]
    checks.finish()
    return Plan(tuple(part for part in parts if part is not None))


def _part(raw: object, last: bool | None) -> Part:
    """One sampler. `last` says whether it is the last of a list, None that there is no list."""
    if not isinstance(raw, str | dict):
        raise wrong(f"must be a name, or a mapping with a name and options, not {shown(raw)}")
    said = {"name": raw} if isinstance(raw, str) else dict(raw)
    checks = Checks()
    if "name" not in said:
        raise wrong("the sampler's name is missing", "write for instance {name: tpe, n_startup_trials: 20}")
    name = checks.run(("name",) if isinstance(raw, dict) else (), partial(known_name, "sampler", said.pop("name")))
    trials = checks.run(("trials",), partial(_trials, said.pop("trials", None), last))
    options = checks.run((), partial(_options, name, said)) if name is not None and said else ()
    checks.finish()
    return Part(name or "", options or (), trials)


def _trials(raw: object, last: bool | None) -> int | None:
    if raw is None:
        if last is False:
            raise wrong("is missing: each sampler of a list but the last says for how many trials it is")
        return None
    if last is not False:
        what = "the last sampler of a list has all the rest" if last else "a sampler by itself has all trials"
        raise wrong(f"{what}, so this number says nothing", "search.trials says how many there are in all")
    whole = int(number(raw, integer=True))
    if whole < 1:
        raise wrong(f"must be at least 1, not {whole}")
    return whole


def _options(name: str, said: dict[str, object]) -> tuple[tuple[str, Any], ...]:
    """The options that are not as by default, in the order in which the sampler declares them."""
    declared = options_of(registry.load("sampler", name))
    known = list(declared.model_fields)
    unknown = [
        Problem((key,), f"{name} has no such option", did_you_mean(key, [*known, *OWN_KEYS]))
        for key in said
        if key not in known
    ]
    problems = unknown
    try:
        given = declared.model_validate({key: value for key, value in said.items() if key in known})
    except ValidationError as error:
        problems = unknown + _problems(error)
    if problems:
        raise ProblemsError(problems)
    standard = declared().model_dump(mode="json")
    return tuple((key, value) for key, value in given.model_dump(mode="json").items() if value != standard[key])


def options_of(sampler: Any) -> type[Section]:
    """What a sampler declares as its options; one that declares nothing has none."""
    declared: type[Section] = getattr(sampler, "Options", Section)
    return declared


def _problems(error: ValidationError) -> list[Problem]:
    """What pydantic found, in the words of the study file."""
    problems: list[Problem] = []
    for found in error.errors(include_url=False):
        raised = found.get("ctx", {}).get("error")
        if isinstance(raised, ProblemsError):
            problems += [Problem((*found["loc"], *one.path), one.what, one.hint) for one in raised.problems]
        else:
            problems.append(Problem(found["loc"], found["msg"]))
    return problems
