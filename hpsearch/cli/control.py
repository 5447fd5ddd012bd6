"""Commands that steer a run from another terminal: `stop` and `pause`. To go on is `resume`'s."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from hpsearch.cli import options
from hpsearch.cli.printing import say, waiting
from hpsearch.cli.stopping import CAN_PAUSE, ask_to_go_on, ask_to_pause, ask_to_stop
from hpsearch.cli.workspace import Workspace
from hpsearch.errors import HpsearchError

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from hpsearch.search.holder import Holder

LOOK_SECONDS = 0.1


@click.command()
@click.argument("study")
@click.option("--now", is_flag=True, help="Break the epochs off that are under way; they are trained again later.")
@options.workspace
def stop(study: str, now: bool, home: Path, storage: str | None) -> None:
    """Stop the run of STUDY on this machine, as Ctrl-C does in its terminal, and wait for its end.

    Epochs under way come to their end, and trials are saved. `hpsearch resume` goes on.

    \b
    hpsearch stop digits-mlp
    """
    holder, opened = _held_here(study, home, storage)
    ask_to_stop(holder.pid, now=now)
    console = Console(stderr=True)
    with waiting(console, f"waiting for process {holder.pid} to save what is under way"):
        while _still(holder, home, study, opened):
            time.sleep(LOOK_SECONDS)
    say(console, f"{study} is stopped: {Workspace(home, storage).resume(study)} goes on")


@click.command()
@click.argument("study")
@options.workspace
def pause(study: str, home: Path, storage: str | None) -> None:
    """Pause the run of STUDY on this machine: it saves its trials, lets go of the devices, and waits.

    `hpsearch resume` wakes it up, in its own terminal; `hpsearch stop` ends it. The time of a pause counts towards
    no timeout.

    \b
    hpsearch pause digits-mlp
    """
    if not CAN_PAUSE:
        raise HpsearchError("this system has no signal to pause a run with: stop it, and resume it later")
    holder, opened = _held_here(study, home, storage)
    ask_to_pause(holder.pid)
    console = Console(stderr=True)
    with waiting(console, f"waiting for process {holder.pid} to save what is under way"):
        while (still := _still(holder, home, study, opened)) and still.state != "paused":
            time.sleep(LOOK_SECONDS)
    if still is None:
        raise HpsearchError(f"process {holder.pid} has ended instead")
    say(console, f"{study} is paused: {Workspace(home, storage).resume(study)} goes on")


def wake(study: str, home: Path, storage: str | None, opened: BaseStorage | None) -> bool:
    """Let a paused run of this machine go on. Returns False where there is none."""
    from hpsearch.cli.lock import holder

    found = holder(home, study, opened)
    if found is None or found.state != "paused" or not found.here:
        return False
    ask_to_go_on(found.pid)
    while (still := _still(found, home, study, opened)) and still.state == "paused":
        time.sleep(LOOK_SECONDS)
    say(Console(stderr=True), f"{study} was paused, and goes on as {found}")
    return True


def _held_here(study: str, home: Path, storage: str | None) -> tuple[Holder, BaseStorage | None]:
    """Who runs the study. Raises HpsearchError where nobody does, or another machine."""
    from hpsearch.cli.lock import holder
    from hpsearch.search.reading import stored_file
    from hpsearch.search.storage import open_storage

    opened = open_storage(home, storage, write=False)
    found = holder(home, study, opened)
    if found is None:
        stored_file(opened, study)  # a wrong name is said to be one
        raise HpsearchError(f"study {study!r} is not being run")
    if not found.here:
        raise HpsearchError(f"study {study!r} is being run by {found}: this command works on that machine only")
    return found, opened


def _still(was: Holder, home: Path, study: str, storage: BaseStorage | None) -> Holder | None:
    """The same process, if it runs the study still."""
    from hpsearch.cli.lock import holder

    now = holder(home, study, storage)
    return now if now is not None and (now.pid, now.created) == (was.pid, was.created) else None
