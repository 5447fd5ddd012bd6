"""A study run by the command, its best network on the test part; and one network trained alone."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import torch

from benchmarks.ways import run_ours
from hpsearch.events import EpochEnded, History, Scalar
from hpsearch.search.reading import read_study, stored_file
from hpsearch.search.records import StudyRecord
from hpsearch.search.storage import open_storage
from hpsearch.space.load import load_study
from hpsearch.training import network_files, weights
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.fit import train_epoch
from hpsearch.training.program import Program
from hpsearch.training.stack import Stack
from hpsearch.training.state import begin


def run_study(file: str, home: Path) -> tuple[StudyRecord, float]:
    """Run a study file by `hpsearch run` in a process of its own: what the study then holds, and the seconds."""
    measured = run_ours(file, [], home)
    return read_study(open_storage(home, None, write=False), load_study(file).name), measured.seconds


def test_accuracy(record: StudyRecord, home: Path) -> float:
    """The share of the test part that the study's best network classifies rightly.

    For a benchmark that is looked at once, after all choices; a study itself never reads the test part.
    """
    assert record.best is not None
    file, _ = stored_file(open_storage(home, None, write=False), record.name)
    data = prepare(Source(**file.data.model_dump())).to("cpu", torch.float32)
    program = Program(file.model, configure(record.best.values), data)
    named = weights.load(network_files.last(home / "checkpoints" / record.name, record.best.number))
    parameters = program.parameters.views(program.parameters.vector(named)[None])
    buffers = program.buffers.views(program.buffers.vector(named)[None])
    _, outputs = program.evaluate(parameters, buffers, data.test_x, data.test_y)
    return float((data.predicted(outputs[0]) == data.test_y).double().mean())


def train(model: str, values: Mapping[str, Scalar], data: Dataset, seed: int) -> History:
    """One trial alone, to its last epoch; what it said."""
    config = configure(values)
    program = Program(model, config, data)
    stack = Stack(program, [begin(program, 0, seed, config)])
    history = History()
    for epoch in range(1, config.epochs + 1):
        (metrics,) = train_epoch(stack)
        history.add(EpochEnded(0, epoch, metrics, time.time(), 0.0, stack.states[0].signals))
    return history
