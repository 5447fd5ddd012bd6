"""What ticks by cost save where networks differ in size: workers that wait for the order, and seconds.

python -m benchmarks.ticks [--trials 300] [--repeats 2]

Dense networks of one to three layers of 16 to 1,024 units on the digits, in batches of 16 to 256, one network to a
stack: some take fifty times as long as others. Random search, whose trials are the same whatever the ticks are, on two
workers; the ways take turns. Then how well the prediction fits: the spread of the logarithm of a trial's seconds, and
of what is left of it when the prediction is taken off.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path
from statistics import mean, stdev

from rich.console import Console
from rich.table import Table

from benchmarks.ways import Measured, run_ours
from hpsearch.search.reading import read_study
from hpsearch.search.records import StudyRecord
from hpsearch.search.storage import open_storage
from hpsearch.training.epoch_cost import epoch_ticks

STUDY = Path(__file__).with_name("spaces") / "unlike.yaml"
SLOTS = (4, 8, 16)
WAYS = ("epochs", "cost")
SAMPLES = 1078  # of the digits, that are trained on


def run(slots: int, ticks: str, trials: int, home: Path) -> tuple[Measured, StudyRecord]:
    """One study, in a process of its own."""
    overrides = [f"search.slots={slots}", f"search.ticks={ticks}", f"search.trials={trials}"]
    measured = run_ours(str(STUDY), overrides, home, ["stack=1", "workers=2", "devices=cpu"])
    return measured, read_study(open_storage(home, None, write=False), "unlike")


def spreads(record: StudyRecord) -> tuple[float, float]:
    """Of the logarithm of a trial's seconds: its spread, and that of what the prediction leaves."""
    seconds = [math.log(trial.seconds or 0) for trial in record.trials]
    predicted = [math.log(epoch_ticks(trial.costs, trial.values, SAMPLES)) for trial in record.trials]
    return stdev(seconds), stdev(true - said for true, said in zip(seconds, predicted, strict=True))


def main(arguments: list[str]) -> int:
    """Print a row for each number of slots: both ways' waiting and seconds, and how well the prediction fits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args(arguments)
    table = Table(title=f"{given.trials} trials, ticks by epochs → by cost, means of {given.repeats}")
    for column in ("slots", "waiting for the order", "seconds of the search"):
        table.add_column(column, justify="right")
    fits: list[tuple[float, float]] = []
    for slots in SLOTS:
        waited: dict[str, list[float]] = {way: [] for way in WAYS}
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(given.repeats):
            for way in WAYS:
                with tempfile.TemporaryDirectory() as home:
                    measured, record = run(slots, way, given.trials, Path(home))
                waited[way].append(float((record.effort or {})["waiting"]))
                seconds[way].append(measured.searching)
                fits.append(spreads(record))
        table.add_row(
            str(slots),
            " → ".join(f"{mean(waited[way]):.1%}" for way in WAYS),
            " → ".join(f"{mean(seconds[way]):.1f}" for way in WAYS),
        )
    Console(width=100).print(table)
    whole, left = (mean(fit[at] for fit in fits) for at in (0, 1))
    print(f"spread of the logarithm of a trial's seconds: {whole:.2f}; with the prediction taken off: {left:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
