"""The benchmark of outcomes measures what it says, on tiny files in place of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks import outcomes, trained
from hpsearch import registry
from hpsearch.training import network_files, weights
from hpsearch.training.config import configure
from hpsearch.training.data.arrays import Source
from hpsearch.training.data.prepare import prepare
from tests.training import trials
from tests.training.data.examples import write_mnist

STUDY = """
name: small
data: digits
hyperparameters:
  learning_rate: [0.01, 0.0001]
  batch_norm: true
  width: 16
  epochs: 2
search: {sampler: grid, trials: 2}
"""


def test_a_trial_alone_tells_every_epoch() -> None:
    history = trained.train("mlp", {"epochs": 3, "width": 4}, trials.dataset(), seed=1)
    assert history.epochs == len(history.metrics["dev_accuracy"]) == 3
    assert history.signals[1]["gradient_norm"]


@pytest.mark.slow
def test_the_test_accuracy_is_that_of_the_best_trials_network(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(STUDY)
    record, seconds = trained.run_study(str(file), tmp_path / "home")
    assert seconds > 0
    best = record.best
    assert best is not None
    data = prepare(Source("digits"))
    network = registry.load("model", "mlp")(configure(best.values), data.inputs, data.outputs)
    network.load_state_dict(weights.load(network_files.last(tmp_path / "home" / "checkpoints" / "small", best.number)))
    with torch.no_grad():
        right = network.eval()(data.test_x.float()).argmax(1) == data.test_y
    assert trained.test_accuracy(record, tmp_path / "home") == pytest.approx(float(right.double().mean()))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["pretraining", "shortcuts"])
def test_a_part_prints_its_lesson(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("mnist", "fashion-mnist"):
        write_mnist(tmp_path / folder, train=150)
    monkeypatch.setenv("HPSEARCH_DATA", str(tmp_path))
    threads = torch.get_num_threads()
    outcomes.main([part])
    torch.set_num_threads(threads)
    printed = capsys.readouterr().out
    assert printed.count("training error") == 4 + 1 if part == "shortcuts" else "margin" in printed
    assert part == "shortcuts" or printed.count("reconstruction_error_") == 5


def test_a_part_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        outcomes.main(["lenet"])
    assert ended.value.code == 2
    assert "fashion_lenet" in capsys.readouterr().err
