"""How many slots: few leave workers idle, many let the sampler propose by old results. Neither needs any training.

python -m benchmarks.slots [--trials 1500] [--seeds 5] [--searches 20]

Idle workers are simulated: the virtual clock, ASHA's rungs at 1, 3, 9 and 27 epochs with two thirds stopped at each. An
epoch of a trial takes a time that is the trial's own, log-normal over trials. A worker takes the trial that is
furthest behind. Where ticks are weighed, an epoch counts as many ticks as it takes time, as if that were known.
What old results cost is seen in searches by TPE for the lowest point of a function of four hyperparameters.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import sys
from dataclasses import dataclass
from statistics import mean, stdev

import optuna
from optuna.storages import InMemoryStorage
from rich.console import Console
from rich.table import Table

from hpsearch.events import Assignment, History
from hpsearch.search.study import SearchStudy
from hpsearch.space.load import parse_study

SIMULATED = {2: (1, 2, 4, 8, 16), 4: (2, 4, 8), 8: (2, 4, 8)}  # workers, and how many slots each has
RUNGS = (1, 3, 9)
EPOCHS = 27


@dataclass(slots=True, eq=False)
class _Trial:
    number: int
    start: float
    seconds: float
    tick: float
    epochs: int
    trained: int = 0
    decided: int = 0
    """The epochs whose turn has come in the order of decisions."""
    taken: bool = False

    @property
    def until(self) -> int:
        return next((rung for rung in (*RUNGS, EPOCHS) if rung > self.decided), EPOCHS)

    def place(self, epoch: int) -> tuple[float, int]:
        return self.start + epoch * self.tick, self.number


def idle(workers: int, slots: int, sigma: float, trials: int, seed: int, *, weighed: bool = False) -> float:
    """The share of the workers' time that they had nothing to do, but for the end of the study."""
    chance = random.Random(seed)

    def new(number: int, start: float) -> _Trial:
        seconds = math.exp(chance.gauss(0.0, sigma))
        epochs = next((rung for rung in RUNGS if chance.random() < 2 / 3), EPOCHS)
        return _Trial(number, start, seconds, seconds if weighed else 1.0, epochs)

    going = [new(number, 0.0) for number in range(slots)]
    asked, now, worked, free = slots, 0.0, 0.0, workers
    busy: list[tuple[float, int, _Trial]] = []
    while asked < trials:
        ready = [trial for trial in going if not trial.taken and trial.trained < trial.until]
        while free and ready:
            trial = min(ready, key=lambda t: t.place(t.trained))
            ready.remove(trial)
            trial.taken, free = True, free - 1
            heapq.heappush(busy, (now + trial.seconds, trial.number, trial))
        now, _, trial = heapq.heappop(busy)
        trial.taken, trial.trained, free, worked = False, trial.trained + 1, free + 1, worked + trial.seconds
        while (first := min(going, key=lambda t: t.place(t.decided + 1))).trained > first.decided:
            first.decided += 1
            if first.decided == first.epochs:
                going.remove(first)
                going.append(new(asked, first.place(first.decided)[0]))
                asked += 1
    return 1 - worked / (workers * now)


STUDY = """
name: slots
data: digits
objective: {{metric: dev_loss}}
hyperparameters:
  learning_rate: {{low: 1e-4, high: 1.0, log: true}}
  l2: {{low: 1e-7, high: 1e-1, log: true}}
  dropout: {{low: 0.0, high: 0.9}}
  momentum: {{low: 0.0, high: 0.99}}
search: {{sampler: tpe, trials: {trials}, seed: {seed}, slots: {slots}}}
"""


def height(trial: Assignment) -> float:
    """Squared distance from the lowest point, in shares of each range; two hyperparameters must suit each other."""
    rate, l2 = (math.log10(float(trial.values[name] or 0)) for name in ("learning_rate", "l2"))
    dropout, momentum = (float(trial.values[name] or 0) for name in ("dropout", "momentum"))
    together = (rate + 4) / 4 + momentum - 1.2
    return together**2 + ((rate + 2.4) / 4) ** 2 + ((l2 + 5) / 6) ** 2 + (dropout - 0.2) ** 2


def lowest(slots: int, seed: int, trials: int) -> float:
    """What a search finds whose trials take equally long: the sampler knows all but the last `slots` - 1 results."""
    text = STUDY.format(trials=trials, seed=seed, slots=slots)
    study = SearchStudy(InMemoryStorage(), parse_study(text, file="slots.yaml"), text)
    going: list[Assignment] = []
    best = math.inf
    for number in range(trials + slots):
        if number >= slots:
            ended = going.pop(0)
            value = height(ended)
            best = min(best, value)
            study.tell(ended.number, [value], History(), number)
        if number < trials and (trial := study.ask(number)) is not None:
            going.append(trial)
        if number >= trials and not going:
            break
    return best


def main(arguments: list[str]) -> int:
    """Print the table: for each number of workers and slots, the idle share by spread, and with weighed ticks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--searches", type=int, default=20)
    given = parser.parse_args(arguments)
    most = max(workers * max(of_each) for workers, of_each in SIMULATED.items())
    if given.trials <= most:
        parser.error(f"--trials must be more than the most slots, {most}")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    table = Table(title="workers idle because of the order, % (in brackets: ticks weighed by the true cost)")
    spreads = (0.3, 0.6, 1.0)
    for column in ("workers", "slots", *(f"σ = {sigma}" for sigma in spreads)):
        table.add_column(column, justify="right")
    for workers, of_each in SIMULATED.items():
        for times in of_each:
            cells = []
            for sigma in spreads:
                both = [
                    mean(
                        idle(workers, workers * times, sigma, given.trials, seed, weighed=weighed)
                        for seed in range(given.seeds)
                    )
                    for weighed in (False, True)
                ]
                cells.append(f"{both[0]:.1%} ({both[1]:.1%})")
            table.add_row(str(workers), str(workers * times), *cells)
    Console(width=100).print(table)
    print(f"lowest point of 100 trials by TPE, mean of the logarithm over {given.searches} seeds (lower is better):")
    for slots in (1, 4, 8, 16, 32, 64):
        found = [math.log10(lowest(slots, seed, 100)) for seed in range(given.searches)]
        print(f"  {slots:3d} slots: {mean(found):6.2f} ± {stdev(found) / math.sqrt(len(found)):.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
