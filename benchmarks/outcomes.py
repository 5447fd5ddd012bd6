"""What comes out on real data: test accuracies, and the lecture's lessons in numbers.

python -m benchmarks.outcomes [PART ...]      # all parts, about half an hour on two cores

Fashion-MNIST and MNIST are looked for where a study looks for them (HPSEARCH_DATA, for instance), else fetched.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from benchmarks.trained import run_study, test_accuracy, train
from hpsearch.training.data.arrays import Dataset, Source
from hpsearch.training.data.prepare import prepare

SEEDS = range(5)


def say(line: str) -> None:
    """Print at once: a part takes minutes."""
    print(line, flush=True)


def fashion_mlp() -> None:
    """The best network of 20 MLPs on Fashion-MNIST; 0.8833 is published for an MLP."""
    _test_part_of("fashion_mlp", 0.89)


def fashion_lenet() -> None:
    """The best network of the LeNets on Fashion-MNIST."""
    _test_part_of("fashion_lenet", 0.90)


def _test_part_of(name: str, wanted: float) -> None:
    with tempfile.TemporaryDirectory() as home:
        record, seconds = run_study(name, Path(home))
        trained = sum(trial.history.epochs for trial in record.trials)
        best, found = record.best, test_accuracy(record, Path(home))
    assert best is not None
    say(
        f"{name}: {len(record.trials)} trials, {trained} epochs, {seconds:.0f} s; "
        f"best {record.metric} {best.value:.4f} (trial {best.number}); "
        f"its test accuracy {found:.4f} (wanted: {wanted:.2f})"
    )


def initialization() -> None:
    """What the diagnosis names in six hidden layers, by activation and initialisation."""
    with tempfile.TemporaryDirectory() as home:
        record, _ = run_study("init_and_activation", Path(home))
    for trial in record.trials:
        names = ", ".join(finding.name for finding in trial.diagnosis)
        say(f"{trial.values['activation']:>10} {trial.values['initialization']:>15}: {trial.value:.3f}  {names}")


def pretraining() -> None:
    """A network of five sigmoid layers on 5,000 handwritten digits, with and without pretraining, over five seeds."""
    data = _first(prepare(Source("mnist", {"train": 0.9, "dev": 0.1, "test": "given"}, "min_max_channel")), 5000)
    arms: dict[int, list[float]] = {}
    for pretrain_epochs in (0, 5):
        # Each way gets the best of all settings, chosen on another seed.
        values = max(_settings(pretrain_epochs), key=lambda values: _dev_accuracy(data, values, seed=100))
        found = arms[pretrain_epochs] = [_dev_accuracy(data, values, seed) for seed in SEEDS]
        say(
            f"{pretrain_epochs} epochs of pretraining a layer: dev accuracy {mean(found):.4f} ± {stdev(found):.4f} "
            f"over {len(found)} seeds ({values['optimizer']}, {values['learning_rate']}, {values['initialization']})"
        )
    plain, pretrained = arms[0], arms[5]
    say(
        f"margin {mean(pretrained) - mean(plain):+.4f}; worst with {min(pretrained):.4f}, best without {max(plain):.4f}"
    )
    told = train("dbn", {**_settings(5)[0], "epochs": 1}, data, seed=0)
    for name, errors in told.signals[1].items():
        if name.startswith("reconstruction_error"):
            falls = all(after < before for before, after in pairwise(errors))
            shown = " ".join(f"{error:.5f}" for error in errors)
            say(f"{name}: {shown} ({'falls every epoch' if falls else 'does NOT fall every epoch'})")


def _settings(pretrain_epochs: int) -> list[dict[str, Any]]:
    """Ways to train the network: two optimizers, each with an initialisation that suits it, at three rates."""
    common = {"depth": 5, "width": 128, "activation": "sigmoid", "batch_size": 32, "epochs": 10}
    ways: dict[tuple[str, str], tuple[float, ...]] = {
        ("momentum", "normal"): (0.03, 0.1, 0.3),
        ("adam", "xavier_normal"): (0.001, 0.003, 0.01),
    }
    return [
        {**common, "optimizer": optimizer, "initialization": initialization, "init_std": 0.35,
         "learning_rate": rate, "pretrain_epochs": pretrain_epochs}
        for (optimizer, initialization), rates in ways.items()
        for rate in rates
    ]  # fmt: skip


def _dev_accuracy(data: Dataset, values: dict[str, Any], seed: int) -> float:
    return train("dbn", values, data, seed).metrics["dev_accuracy"][-1]


def shortcuts() -> None:
    """The training error of a 20-layer and an 8-layer network, plain and with shortcuts, on 4,000 clothes."""
    split: dict[str, float | str] = {"train": 0.9, "dev": 0.1, "test": "given"}
    data = _first(prepare(Source("fashion_mnist", split, "standard_channel")), 4000)
    values: dict[str, Any] = {
        "channels": 8,
        "batch_norm": True,
        "optimizer": "momentum",
        "learning_rate": 0.1,
        "lr_decay": "cosine",
        "batch_size": 64,
        "epochs": 8,
    }
    for depth in (8, 20):
        for shortcut in (False, True):
            changed = {**values, "depth": depth, "shortcut": shortcut}
            errors = [1 - train("resnet", changed, data, seed).metrics["train_accuracy"][-1] for seed in (0, 1)]
            way, each = "with shortcuts" if shortcut else "plain", ", ".join(f"{error:.4f}" for error in errors)
            say(f"{depth} layers, {way:>14}: training error {mean(errors):.4f} ({each})")


def _first(data: Dataset, samples: int) -> Dataset:
    """The data with a smaller training part, in single precision."""
    small = replace(data, train_x=data.train_x[:samples], train_y=data.train_y[:samples])
    return small.to("cpu", torch.float32)


PARTS: dict[str, Callable[[], None]] = {
    part.__name__: part for part in (fashion_mlp, fashion_lenet, initialization, pretraining, shortcuts)
}


def main(arguments: list[str]) -> None:
    """Run the parts that were asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=", ".join(PARTS))
    torch.set_num_threads(1)
    for name in parser.parse_args(arguments).parts or PARTS:
        say(f"\n{name}: {PARTS[name].__doc__}")
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
