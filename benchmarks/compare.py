"""Each case run in each of its ways, and what came of it: medians, ratios, a table, verdicts, JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.table import Table

from benchmarks.cases import Case
from benchmarks.process import folder
from benchmarks.tracked import seconds_to
from benchmarks.ways import COMMON, RAY, Failed, Measured, attempt
from hpsearch.space.load import load_study

Rate = Callable[[Measured], float]
NONE = "-"
HEADINGS = (
    *("trials", "trials/h", "÷ common", "÷ Ray", "epochs/h ÷ common", "seconds", "searching s", "searching trials/h"),
    *("best", "s to target", "devices busy", "bookkeeping"),
)


def trials_an_hour(run: Measured) -> float:
    """Finished trials in an hour of the whole process: start, search, report, MLflow's end."""
    return run.trials_an_hour


def searched_an_hour(run: Measured) -> float:
    """Finished trials in an hour of searching, without start and end."""
    return run.searched_an_hour


def epochs_an_hour(run: Measured) -> float:
    """Trained epochs in an hour of the whole process."""
    return run.epochs_an_hour


@dataclass(frozen=True, slots=True)
class Compared:
    """One case, run in each way as often as was asked for; or why not."""

    case: Case
    direction: str
    runs: Mapping[str, list[Measured]]
    failed: Mapping[str, Failed]

    def middle(self, way: str, of: Callable[[Measured], float | None]) -> float | None:
        """The median over the repeats; None where a run has no such number."""
        values = [of(run) for run in self.runs.get(way, [])]
        known = [value for value in values if value is not None]
        return median(known) if known and len(known) == len(values) else None

    def ratio(self, way: str, to: str, of: Rate) -> float | None:
        """The median over the repeats of one way to another, run right after one another.

        Ray Tune ran fewer trials, so its rate is the one without its start: in its favour.
        """
        pairs = list(zip(self.runs.get(way, []), self.runs.get(to, []), strict=False))
        rival = searched_an_hour if to == RAY else of
        return median(of(a) / rival(b) for a, b in pairs) if pairs else None

    def to_target(self, way: str) -> float | None:
        """The median of the seconds from the start of the process to the case's target."""
        target = self.case.target
        if target is None:
            return None
        return self.middle(way, lambda run: seconds_to(run.improvements, target, self.direction))


def compare(case: Case, repeats: int, say: Callable[[str], None]) -> Compared:
    """Run all ways in turn, in the other direction every second time."""
    runs: dict[str, list[Measured]] = {}
    failed: dict[str, Failed] = {}
    for repeat in range(repeats):
        for way in case.ways[:: 1 if repeat % 2 == 0 else -1]:
            if way in failed:
                continue
            say(f"{case.name}, {repeat + 1} of {repeats}: {way}")
            with folder() as home:
                run = attempt(way, case.file, case.overrides_for(way), home / "studies")
            if isinstance(run, Failed):
                failed[way] = run
                runs.pop(way, None)
            else:
                runs.setdefault(way, []).append(run)
    return Compared(case, load_study(case.file, case.overrides).objective.direction, runs, failed)


def table(result: Compared) -> Table:
    """Medians over the repeats, a row for each way; a way that could not be run says why."""
    drawn = Table(title=result.case.title, title_justify="left")
    drawn.add_column("way", no_wrap=True)
    for heading in HEADINGS:
        drawn.add_column(heading, justify="right", min_width=max(map(len, heading.split())))
    for way in result.case.ways:
        drawn.add_row(way, *cells(result, way))
    if result.failed:
        drawn.caption = "\n".join(f"{way}: {why.reason}" for way, why in result.failed.items())
        drawn.caption_justify = "left"
    return drawn


def cells(result: Compared, way: str) -> list[str]:
    """One way's numbers, as many as there are headings."""
    if way in result.failed:
        return ["none", *[NONE] * (len(HEADINGS) - 1)]
    return [
        _shown(result.middle(way, lambda run: run.trials), ".0f"),
        _shown(result.middle(way, trials_an_hour), ",.0f"),
        _shown(result.ratio(way, COMMON, trials_an_hour), ".2f"),
        _shown(result.ratio(way, RAY, trials_an_hour), ".1f"),
        _shown(result.ratio(way, COMMON, epochs_an_hour), ".2f"),
        _shown(result.middle(way, lambda run: run.seconds), ".1f"),
        _shown(result.middle(way, lambda run: run.searching), ".1f"),
        _shown(result.middle(way, searched_an_hour), ",.0f"),
        _shown(result.middle(way, lambda run: run.best), ".4f"),
        _shown(result.to_target(way), ".1f"),
        _shown(result.middle(way, lambda run: run.busy), ".0%"),
        _shown(result.middle(way, lambda run: run.bookkeeping), ".1%"),
    ]


def _shown(value: float | None, form: str) -> str:
    return NONE if value is None else format(value, form)


def verdict(result: Compared) -> list[str]:
    """A line for each way of hpsearch: how many times the trials an hour of the others."""
    lines = []
    for way in result.case.ways:
        rivals = {"the common loop's": COMMON, "Ray Tune's (its start not counted)": RAY}
        ratios = {name: result.ratio(way, rival, trials_an_hour) for name, rival in rivals.items()}
        said = " and ".join(f"{ratio:.2f} times {name}" for name, ratio in ratios.items() if ratio is not None)
        if way.startswith("hpsearch") and said:
            lines.append(f"{result.case.name}: {way}: {said} trials an hour")
    return lines


def to_json(results: Sequence[Compared], machine: str) -> dict[str, Any]:
    """Every single run."""
    return {"machine": machine, "searches": [_search(result) for result in results]}


def _search(result: Compared) -> dict[str, Any]:
    return {
        "search": result.case.name,
        "title": result.case.title,
        "file": result.case.file.rpartition("/")[2],
        "overrides": {way: result.case.overrides_for(way) for way in result.case.ways},
        "target": result.case.target,
        "runs": {way: [asdict(run) for run in runs] for way, runs in result.runs.items()},
        "failed": {way: why.reason for way, why in result.failed.items()},
        "to_target": {way: result.to_target(way) for way in result.runs},
        "ratio": {
            way: {rival: result.ratio(way, rival, trials_an_hour) for rival in (COMMON, RAY)} for way in result.runs
        },
    }
