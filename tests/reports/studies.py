"""Study records made by hand or by a formula, without any training."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hpsearch.declarations import Direction
from hpsearch.events import Failure, History, Placement, Scalar, Signals
from hpsearch.search.records import Dimension, State, StudyRecord, TrialRecord
from hpsearch.training.diagnosis import diagnose

START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)

DIMENSIONS = (
    Dimension("depth", low=1, high=4, integer=True),
    Dimension("width", options=(64, 128, 256)),
    Dimension("activation", options=("relu", "leaky_relu", "sigmoid")),
    Dimension("batch_norm", options=(False, True)),
    Dimension("optimizer", options=("momentum", "rmsprop", "adam")),
    Dimension("learning_rate", low=1e-4, high=1e-1, log=True),
    Dimension("momentum", low=0.5, high=0.99),
    Dimension("rmsprop_beta", low=0.8, high=0.999),
    Dimension("lr_decay", options=("none", "step", "exponential")),
    Dimension("decay_rate", low=0.1, high=0.9),
    Dimension("batch_size", options=(64, 128, 256, 512)),
    Dimension("dropout", low=0.0, high=0.5),
    Dimension("l2", low=1e-7, high=1e-2, log=True),
)


def trial(
    number: int,
    value: float | None = None,
    *,
    state: State = "COMPLETE",
    params: Mapping[str, Scalar] | None = None,
    fixed: Mapping[str, Scalar] | None = None,
    start: float = 0.0,
    seconds: float | None = 10.0,
    failure: Failure | None = None,
    message: str = "",
    metrics: Mapping[str, Sequence[float]] | None = None,
    signals: Mapping[int, Signals] | None = None,
    ends: Sequence[float] | None = None,
    trained_by: Sequence[tuple[int, int, int]] = (),
) -> TrialRecord:
    """A trial that started `start` seconds after START and took `seconds`; None says that it still runs.

    Its diagnosis is that of its metrics and signals. Its epochs end `ends` seconds after START, one a second unless it
    is said; `trained_by` has the placements.
    """
    started = START + timedelta(seconds=start)
    history = History({name: list(values) for name, values in (metrics or {}).items()})
    epochs = max((len(values) for values in history.metrics.values()), default=0)
    history.signals = dict(signals or {})
    history.times = [started.timestamp() + epoch for epoch in range(epochs)]
    if ends is not None:
        history.times = [START.timestamp() + end for end in ends]
    history.trained_by = [Placement(*placed) for placed in trained_by]
    return TrialRecord(
        number=number,
        state=state,
        value=value,
        params=dict(params or {}),
        values={**(params or {}), **(fixed or {})},
        seed=1000 + number,
        started=started,
        ended=None if seconds is None else started + timedelta(seconds=seconds),
        seconds=seconds,
        failure=failure,
        message=message,
        history=history,
        diagnosis=diagnose(history),
    )


def study(
    *trials: TrialRecord,
    dimensions: tuple[Dimension, ...] = (Dimension("x", low=0.0, high=1.0),),
    **more: Any,
) -> StudyRecord:
    """A study of these trials that maximizes dev_accuracy, unless `more` says otherwise."""
    facts: dict[str, Any] = {
        "name": "digits-mlp",
        "metric": "dev_accuracy",
        "direction": "maximize",
        "total": max(len(trials), 1),
        "seed": 0,
        "sampler": "tpe",
        "pruner": "asha",
        "created": START,
        "study_file": "name: digits-mlp\nobjective: {metric: dev_accuracy}\n",
    }
    return StudyRecord(**{**facts, **more}, dimensions=dimensions, trials=trials)


def weighed(record: StudyRecord, third: bool = False) -> StudyRecord:
    """The same study with a second objective, the parameters of each network, and perhaps a third."""
    names: tuple[tuple[str, Direction], ...] = ((record.metric, record.direction), ("parameters", "minimize"))
    more: tuple[tuple[str, Direction], ...] = (("multiply_adds", "minimize"),) if third else ()

    def weigh(one: TrialRecord) -> TrialRecord:
        size = 100 * (1 + one.number * 7919 % 997)
        costs = {"parameters": size, "multiply_adds": size * (1 + one.number % 5)}
        told = {record.metric: one.value, **costs} if one.value is not None else {}
        return replace(one, costs=costs, objectives={name: told[name] for name, _ in (*names, *more) if name in told})

    return replace(record, objectives=(*names, *more), trials=tuple(weigh(one) for one in record.trials))


def placed(record: StudyRecord, workers: int = 2) -> StudyRecord:
    """The same study with who trained it: every seventh trial moves to the next worker halfway, in another stack."""

    def place(one: TrialRecord) -> TrialRecord:
        epochs, worker = one.history.epochs, one.number % workers
        if not epochs or not one.finished:
            return one
        pace = (one.seconds or 0.0) / epochs
        history = replace(one.history, times=[one.started.timestamp() + pace * (n + 1) for n in range(epochs)])
        history.trained_by = [Placement(1, worker, 1 + one.number % 8)]
        if epochs > 1:
            moved = (worker + 1) % workers if one.number % 7 == 0 else worker
            history.trained_by.append(Placement(1 + epochs // 2, moved, 2 + one.number % 7))
        return replace(one, history=history)

    return replace(record, trials=tuple(place(one) for one in record.trials), slots=16)


def search(count: int, seed: int = 0, epochs: int = 20) -> StudyRecord:
    """A search as the platform leaves one midway: scored, pruned, failed and diverged trials, one running."""
    generator = random.Random(seed)
    trials = [_searched(number, generator, epochs) for number in range(count)]
    if count > 5:
        trials[-1] = trial(count - 1, state="RUNNING", params=trials[-1].params, start=count, seconds=None)
    return study(*trials, dimensions=DIMENSIONS, total=count)


def _searched(number: int, generator: random.Random, epochs: int) -> TrialRecord:
    params = assignment(generator)
    rate = float(params["learning_rate"] or 0.0)
    goal = 0.985 - 0.03 * (math.log10(rate) + 2.3) ** 2 - 0.05 * (params["activation"] == "sigmoid")
    goal = max(0.1, goal - 0.08 * float(params["dropout"] or 0.0) - abs(generator.gauss(0, 0.008)))
    pace = 0.15 + 0.6 * generator.random()
    curve = [goal - (goal - 0.1) * math.exp(-pace * epoch) for epoch in range(1, epochs + 1)]
    metrics = {
        "dev_accuracy": curve,
        "train_accuracy": [min(1.0, value + 0.01) for value in curve],
        "dev_loss": [2.3 * (1 - value) + 0.02 + 0.0006 * epoch for epoch, value in enumerate(curve)],
        "train_loss": [2.1 * (1 - value) for value in curve],
    }
    signals = {epoch: _signals(params, pace) for epoch in (1, epochs)}
    luck = generator.random()
    start, seconds = number * 1.1, 2.0 + 3.0 * generator.random()
    more: dict[str, Any] = {"params": params, "fixed": {"epochs": epochs}, "start": start}
    if luck < 0.02:
        message = "CUDA out of memory. Tried to allocate 2.50 GiB"
        return trial(number, state="FAIL", failure=Failure.OUT_OF_MEMORY, message=message, seconds=0.4, **more)
    if luck < 0.06:
        failed: dict[str, Any] = {
            "failure": Failure.DIVERGED,
            "message": "the loss was not finite in epoch 3",
        }
        broken = {name: [v[0], math.nan] for name, v in metrics.items()}
        return trial(number, 0.0, metrics=broken, signals={1: signals[1]}, **failed, **more)
    if luck < 0.4:
        stop = generator.choice((1, 3, 9))
        short = {name: values[:stop] for name, values in metrics.items()}
        more["signals"] = {1: signals[1]}
        return trial(number, state="PRUNED", metrics=short, seconds=seconds * stop / epochs, **more)
    return trial(number, curve[-1], metrics=metrics, seconds=seconds, signals=signals, **more)


def _signals(params: Mapping[str, Scalar], pace: float) -> Signals:
    """As a probe measures them: the gradient of a sigmoid network shrinks from layer to layer."""
    depth = int(params["depth"] or 1)
    shrinks = 0.08 if params["activation"] == "sigmoid" else 0.7
    measured: Signals = {
        "gradient_norm": [0.03 * pace * shrinks ** (depth - layer) for layer in range(depth + 1)],
        "weight_norm": [0.1] * (depth + 1),
        "dead": [0.01] * depth,
    }
    return {**measured, "saturated": [0.5 * pace] * depth} if params["activation"] == "sigmoid" else measured


def assignment(generator: random.Random) -> dict[str, Scalar]:
    """Values for DIMENSIONS, with the conditional ones only where their condition holds."""
    params: dict[str, Scalar] = {}
    for dimension in DIMENSIONS:
        if dimension.options is not None:
            params[dimension.name] = generator.choice(dimension.options)
            continue
        low, high = dimension.low or 0.0, dimension.high or 0.0
        if dimension.log:
            params[dimension.name] = math.exp(generator.uniform(math.log(low), math.log(high)))
        elif dimension.integer:
            params[dimension.name] = generator.randint(int(low), int(high))
        else:
            params[dimension.name] = generator.uniform(low, high)
    if params["optimizer"] != "momentum":
        del params["momentum"]
    if params["optimizer"] != "rmsprop":
        del params["rmsprop_beta"]
    if params["lr_decay"] == "none":
        del params["decay_rate"]
    return params
