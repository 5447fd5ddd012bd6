"""Kills a coordinator with `kill -9` at random moments, again and again, and lets it end at last.

    python -m tests.kill_often HOME SEED KILLS

The coordinator, its lock, journal and outbox are the real ones; the training is not, and MLflow hears of it at the end.
It is forked anew for each life, which takes milliseconds where a start of the command takes seconds. Prints JSON:
how many lives ended with a kill, and what was found wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import optuna
from optuna.trial import TrialState

from hpsearch.cli.ending import disagreements
from hpsearch.cli.lock import only_coordinator
from hpsearch.events import Event
from hpsearch.run import Coordinator
from hpsearch.search.reading import read_study
from hpsearch.search.storage import open_storage
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import dump_study, parse_study
from hpsearch.space.study_file import StudyFile
from hpsearch.tracking.tracker import Tracker
from tests.cli.command import NoMirror
from tests.fakes import FakeExecutor
from tests.test_run import outcome, study_text

MOST_WRITTEN = 12_000  # bytes of the journal in one life
PAUSE = 0.0004  # seconds that an epoch takes, so that a study outlives many deaths


class Slow(FakeExecutor):
    """Epochs that take a little while, in any order."""

    def poll(self, until: float | None = None) -> list[Event]:
        time.sleep(PAUSE)
        return super().poll(until)


def study_file() -> StudyFile:
    text = study_text(epochs=9, trials=1000, slots=8)
    return parse_study(text, file="killed.yaml")


def live(home: Path, chance: random.Random, *, mirrored: bool = False) -> str:
    """One life of the coordinator, to the study's end. Returns what MLflow has otherwise than the study."""
    file = study_file()
    storage = open_storage(home, None, write=True)
    with only_coordinator(home, file.name, storage, lambda line: None):
        assert storage is not None
        study = SearchStudy(storage, file, dump_study(file))
        with Tracker(home, file.name, None, study.created) as tracker:
            tracker.study(dump_study(file), {}, {})
            coordinator = Coordinator(study, Slow(chance, diverges=0.05), tracker)
            while coordinator.step():
                pass
            if not mirrored:
                return ""
            tracker.study_ended("FINISHED", {}, {})
            counts = tracker.finish(120.0)
            return tracker.reason if counts is None else "; ".join(disagreements(study.record(), counts))


def ended(home: Path) -> dict[int, Any]:
    """The trials that have ended, as any reader of the journal finds them."""
    with suppress(Exception):  # there is no study yet
        storage = open_storage(home, None, write=False)
        assert storage is not None
        name = storage.get_study_id_from_name(study_file().name)
        trials = storage.get_all_trials(name, deepcopy=False)
        return {t.number: (t.state, t.values, t.params, t.datetime_complete) for t in trials if t.state.is_finished()}
    return {}


def kill_once(home: Path, chance: random.Random) -> bool:
    """Whether the coordinator was killed, not done: soon after its start, or once it has written a little more."""
    seed, journal = chance.getrandbits(32), home / "optuna.journal"
    enough = (journal.stat().st_size if journal.exists() else 0) + chance.uniform(0, MOST_WRITTEN)
    early = chance.random() < 0.25
    child = os.fork()
    if child == 0:
        try:
            live(home, random.Random(seed))
        finally:
            os._exit(0)
    if not early:
        until = time.monotonic() + 30.0
        while (not journal.exists() or journal.stat().st_size < enough) and time.monotonic() < until:
            time.sleep(0.001)
    time.sleep(chance.uniform(0.0, 0.02))
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main(home: Path, seed: int, kills: int) -> dict[str, Any]:
    chance, wrong, killed = random.Random(seed), list[str](), 0
    before: dict[int, Any] = {}
    with mock.patch("hpsearch.tracking.mirror_process.MirrorProcess", NoMirror):
        for _ in range(kills):
            killed += kill_once(home, chance)
            if chance.random() < 0.2:
                now = ended(home)
                if not before.items() <= now.items():
                    wrong.append("a trial that had ended is gone, or has changed")
                before = now
        done_early = len(ended(home))
        live_alone = home.parent / "alone"
        live(live_alone, random.Random(0))
    different = live(home, chance, mirrored=True)
    found, expected = (read_study(open_storage(place, None, write=False), "fake") for place in (home, live_alone))
    if different:
        wrong.append(f"MLflow: {different}")
    if not before.items() <= ended(home).items():
        wrong.append("a trial that had ended is gone, or has changed")
    if [trial.number for trial in found.trials] != list(range(study_file().total)):
        wrong.append("numbers are missing, or there twice")
    if any(trial.state not in (TrialState.COMPLETE.name, TrialState.PRUNED.name) for trial in found.trials):
        wrong.append("a trial has no end")
    if outcome(found) != outcome(expected):
        wrong.append("the study is another one than without any kill")
    return {"killed": killed, "before the last life": done_early, "trials": len(found.trials), "wrong": wrong}


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
