"""`hpsearch run` and `hpsearch resume`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from hpsearch import registry
from hpsearch.cli import options
from hpsearch.cli.printing import Lasting
from hpsearch.cli.validate import describe
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import InputError, did_you_mean
from hpsearch.space.load import dump_study, load_study, parse_study
from hpsearch.space.study_file import StudyFile

SHORTCUTS = {
    "trials": "search.trials",
    "timeout": "search.timeout",
    "seed": "search.seed",
    "sampler": "search.sampler",
    "pruner": "search.pruner",
    "trial_timeout": "search.trial_timeout",
    "workers": "execution.workers",
    "devices": "execution.devices",
}
SAMPLERS = ", ".join(registry.names("sampler"))
STOPS = ("target", "patience")


def shortcuts(function: Callable[..., Any]) -> Callable[..., Any]:
    """Flags for the values that people change most; each is a `--set`."""
    decorators = [
        click.option("-n", "--trials", metavar="N", help="Trials in all, those already there included."),
        click.option("--timeout", metavar="TIME", help="Stop after so long, such as 10m; resume goes on."),
        click.option("--seed", metavar="N", help="Seed of the search."),
        click.option("--sampler", metavar="NAME", help=f"{SAMPLERS}; or as in the study file."),
        click.option("--pruner", metavar="NAME", help="none, median, asha or hyperband."),
        click.option("--trial-timeout", metavar="TIME", help="A trial that trains for longer fails."),
        click.option("--workers", metavar="N", help="How many processes train; auto: one a GPU, or one a core."),
        click.option("--devices", metavar="NAMES", help="auto, cpu, or GPUs such as cuda:0,cuda:1."),
        click.option(
            "--stop",
            metavar="target=VALUE|patience=N",
            multiple=True,
            help="Begin no new trial once the best value reaches VALUE, or N trials have brought nothing better.",
        ),
    ]
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def verbosity(function: Callable[..., Any]) -> Callable[..., Any]:
    """-q and -v."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Errors only.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="A line for each trial that ends.")
    return quiet(verbose(function))


@click.command()
@click.argument("file", metavar="FILE")
@shortcuts
@options.overrides
@click.option("--repeat", type=click.IntRange(1), metavar="N", help="Run it N times, each a study with the next seed.")
@click.option("--warm-start", metavar="STUDY", help="Begin with the values of the best trials of that study.")
@click.option("--fork", metavar="NEW_NAME", help="Make a new study of this file, which begins with what is known.")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would be searched; write nothing.")
@verbosity
@options.workspace
@options.tracking_uri
def run(
    file: str,
    overrides: tuple[str, ...],
    repeat: int | None,
    warm_start: str | None,
    fork: str | None,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
    home: Path,
    storage: str | None,
    tracking_uri: str | None,
    stop: tuple[str, ...],
    **flags: str | None,
) -> int:
    """Run the study in FILE to its total of trials, and write its report.

    FILE is a path, or the name of a study file that comes with hpsearch. A study that is there already goes
    on: `trials` is a total. With --repeat, so do all studies of the group: NAME-s0, NAME-s1, and so on, by their seeds.

    \b
    hpsearch run digits_mlp
    hpsearch run study.yaml -n 200 --set hyperparameters.epochs=50
    hpsearch run digits_random --repeat 2
    """
    given = [*_given(flags, stop), *overrides]
    if warm_start is not None:
        given.append(f"search.warm_start={{study: {json.dumps(warm_start)}}}")
    study = load_study(file, given)
    if fork is not None:
        begin = f"search.warm_start={{study: {json.dumps(study.name)}, results: true}}"
        given += [f"name={json.dumps(fork)}", begin]
        study = load_study(file, given)
    if dry_run:
        from hpsearch.search.revisions import changed
        from hpsearch.search.storage import open_storage
        from hpsearch.search.warm_start import resolve

        known = open_storage(home, storage, write=False)
        study = resolve(study, known)
        for line in changed(known, study):
            click.echo(line, err=True)
        click.echo(describe(study))
        return 0
    where = (home, storage, tracking_uri)
    if repeat is None:
        return _run(study, where, quiet=quiet, verbose=verbose)
    from hpsearch.cli.repeat import overrides_of, run_repeats

    # All of them are checked before the first one runs.
    repeats = [load_study(file, [*given, *overrides_of(study, place)]) for place in range(repeat)]
    one = partial(_run, where=where, quiet=quiet, verbose=verbose, group=study.name)
    return run_repeats(study.name, repeats, one, Workspace(*where), Lasting(quiet=quiet))


@click.command()
@click.argument("study")
@shortcuts
@options.overrides
@verbosity
@options.workspace
@options.tracking_uri
def resume(
    study: str,
    overrides: tuple[str, ...],
    quiet: bool,
    verbose: bool,
    home: Path,
    storage: str | None,
    tracking_uri: str | None,
    stop: tuple[str, ...],
    **flags: str | None,
) -> int:
    """Go on with STUDY where it was stopped, from what the workspace knows of it.

    A run that is paused goes on where it waits, and this command returns.

    \b
    hpsearch resume digits-mlp
    hpsearch resume digits-mlp -n 200
    """
    from hpsearch.cli.control import wake
    from hpsearch.search.reading import stored_file
    from hpsearch.search.storage import open_storage

    opened = open_storage(home, storage, write=False)
    stored, _ = stored_file(opened, study)
    given = _given(flags, stop)
    if not (given or overrides) and wake(study, home, storage, opened):
        return 0
    file = parse_study(dump_study(stored), file=f"study {study}", overrides=[*given, *overrides])
    return _run(file, (home, storage, tracking_uri), quiet=quiet, verbose=verbose)


def _given(flags: Mapping[str, str | None], stops: Sequence[str]) -> list[str]:
    """What the flags say, as overrides. Raises InputError for a condition that is none."""
    given = [f"{SHORTCUTS[flag]}={value}" for flag, value in flags.items() if value is not None]
    for condition in stops:
        name, equals, value = condition.partition("=")
        if name not in STOPS or not equals:
            hint = did_you_mean(name, STOPS) or "write target=0.98 or patience=20"
            raise InputError(f"--stop {condition}: there is no such condition", hint=hint)
        given.append(f"search.{name}={value}")
    return given


def _run(
    study: StudyFile,
    where: tuple[Path, str | None, str | None],
    *,
    quiet: bool,
    verbose: bool,
    group: str | None = None,
) -> int:
    console = Lasting(quiet=quiet)
    # Optuna and the rest take a while to import.
    with console.status("starting"):
        from hpsearch.cli.session import run_study
    return run_study(study, Workspace(*where), console, verbose=verbose, group=group)
