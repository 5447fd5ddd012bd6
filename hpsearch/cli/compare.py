"""`hpsearch compare`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from hpsearch.cli import options
from hpsearch.cli.printing import print_object, print_rows, say
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError

if TYPE_CHECKING:
    from hpsearch.reports.comparison import Comparison

LONGEST_NAME = 100  # of a page, in characters


@click.command()
@click.argument("contestants", metavar="STUDY...", nargs=-1, required=True)
@click.option("-n", "--trials", metavar="N|all", help="Compare after N trials of each; by default as many as all have.")
@click.option("--target", type=float, metavar="VALUE", help="Say how soon, and how often, each reaches this value.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the page.")
@click.option("--dashboard", default="compare", show_default=True, help="A dashboard's name, or its YAML file.")
@options.output_format
@options.workspace
def compare(
    contestants: tuple[str, ...],
    trials: str | None,
    target: float | None,
    output: Path | None,
    dashboard: str,
    output_format: str,
    home: Path,
    storage: str | None,
) -> None:
    """Compare searches over repeated seeds: prints a table, and writes a page.

    STUDY is a study, or a group made by `run --repeat`. A pattern such as 'digits-*' means all that it fits;
    LABEL=PATTERN makes one contestant of them. All must have the same data, metric and direction.

    \b
    hpsearch compare digits-random-s0 digits-random-s1
    hpsearch compare 'digits-random*' --target 0.97 --format json
    """
    from hpsearch.reports.comparison import compare as compared
    from hpsearch.reports.comparison import uneven
    from hpsearch.reports.comparison_page import write_comparison
    from hpsearch.search.groups import find_contestants
    from hpsearch.search.storage import open_storage

    found = find_contestants(open_storage(home, storage, write=False), contestants)
    comparison = compared(found, _count(trials), target)
    console = Console(stderr=True)
    for sentence in uneven(comparison):
        say(console, f"warning: {sentence}")
    names = [one.name for one in found]
    page = write_comparison(comparison, output or Workspace(home).report(page_name(names)), dashboard)
    _print(comparison, page, output_format)
    say(console, f"report: {page}")


def _count(trials: str | None) -> int | None:
    """What --trials says: `all` is 0."""
    if trials is None or trials == "all":
        return None if trials is None else 0
    if not trials.isdecimal() or int(trials) == 0:
        raise InputError(f"--trials {trials}: must be 'all' or a whole number from 1")
    return int(trials)


def page_name(names: list[str]) -> str:
    """The page's name without its ending: the contestants' names as far as they go, and never that of another page."""
    name = f"compare-{'-'.join(names)}"
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    if len(safe) <= LONGEST_NAME and safe == name:
        return name
    return f"{safe[:LONGEST_NAME]}-{hashlib.sha256('/'.join(names).encode()).hexdigest()[:8]}"


def _print(comparison: Comparison, page: Path, output_format: str) -> None:
    from hpsearch.reports.comparisons import chances, coverage, paired_tests, standings
    from hpsearch.reports.figure import Missing

    standing = standings.compute(comparison)
    assert not isinstance(standing, Missing)
    tested, beaten, tried = (part.compute(comparison) for part in (paired_tests, chances, coverage))
    chance = {} if isinstance(beaten, Missing) else {row.name: row for row in beaten.rows}
    pairs = [] if isinstance(tested, Missing) else [_pair(pair.facts(), chance) for pair in tested.pairs]
    rows = [row.facts() for row in standing.rows]
    if output_format == "json":
        facts = {"metric": comparison.metric, "direction": comparison.direction, "trials": comparison.trials}
        counts = {} if isinstance(tried, Missing) else {
            name: dict(zip(tried.names, values, strict=True)) for name, values in tried.rows
        }  # fmt: skip
        print_object(
            {**facts, "target": comparison.target, "page": str(page), "contestants": rows, "pairs": pairs,
             "values_tried": counts}, "json",
        )  # fmt: skip
        return
    if output_format == "csv":
        print_rows(rows, "csv", "")
        return
    shown = ("contestant", "sampler", "repeats", "trials", "mean", "low", "high", "worst", "best", "rank", "seconds")
    with_target = (*shown, *(("reached",) if comparison.target is not None else ()))
    print_rows([{key: row[key] for key in with_target} for row in rows], "table", "")
    if pairs:
        click.echo()
        print_rows(pairs, "table", "")
    elif isinstance(tested, Missing) and len(comparison.contestants) > 1:
        click.echo(f"\n{tested.reason}")
    if not isinstance(tried, Missing):
        click.echo()
        counted = [{"values tried": name, **dict(zip(tried.names, values, strict=True))} for name, values in tried.rows]
        print_rows(counted, "table", "")


def _pair(facts: Mapping[str, Any], chances: Mapping[str, Any]) -> dict[str, Any]:
    """A pair's test, and how likely its one beats its other."""
    beats = chances.get(f"{facts['one']} beats {facts['other']}")
    ends = {"beats": None, "beats_low": None, "beats_high": None}
    if beats is not None:
        ends = {"beats": beats.mark, "beats_low": beats.low, "beats_high": beats.high}
    return {**facts, **ends}
