"""The searches that are compared: the same space, the same number of trials, tracking on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.ways import ALONE, ALONE_WORKERS, COMMON, RAY, STACKED, TUNED, WORKERS

SPACES = Path(__file__).parent / "spaces"


@dataclass(frozen=True, slots=True)
class Case:
    """One search, and the ways to run it.

    `ray_trials`: what a trial costs there does not change with their number, so few are enough; None runs all.
    `target` is the value of the objective whose time is asked for.
    """

    name: str
    title: str
    file: str
    overrides: tuple[str, ...] = ()
    ray_trials: int | None = None
    target: float | None = None
    ways: tuple[str, ...] = (COMMON, ALONE, STACKED, WORKERS, RAY)

    def overrides_for(self, way: str) -> list[str]:
        """What a way changes in the study file."""
        if way == RAY and self.ray_trials is not None:
            return [*self.overrides, f"search.trials={self.ray_trials}"]
        return list(self.overrides)

    def also(self, way: str) -> Case:
        """The case with one way more."""
        return self if way in self.ways else replace(self, ways=(self.ways[0], way, *self.ways[1:]))


CASES = (
    Case(
        "digits",
        "digits, MLP, 200 trials of 20 epochs, no pruning",
        "digits_mlp",
        ("search.trials=200", "search.pruner=none"),
        ray_trials=24,
        target=0.97,
    ),
    Case(
        "digits-asha",
        "digits, MLP, 200 trials, successive halving",
        "digits_mlp",
        ("search.trials=200",),
        ray_trials=24,
        target=0.97,
    ),
    Case(
        "fashion-mlp",
        "Fashion-MNIST, MLP 784-256-256, 20 trials of 5 epochs",
        str(SPACES / "fashion_mlp.yaml"),
        ray_trials=8,
        target=0.88,
    ),
    Case(
        "fashion-lenet",
        "Fashion-MNIST, LeNet, 6 trials of 2 epochs",
        str(SPACES / "fashion_lenet.yaml"),
        ray_trials=4,
        target=0.87,
        ways=(COMMON, ALONE, STACKED, WORKERS, ALONE_WORKERS, RAY),
    ),
)

# Few trials under way share a stack here: what is searched divides them among 54.
STRUCTURE = Case(
    "structure",
    "digits, MLP, 100 trials, width and activation searched too, successive halving",
    "digits_mlp",
    ("hyperparameters.width=[64, 128]", "hyperparameters.activation=[relu, leaky_relu, tanh]"),
    target=0.97,
    ways=(COMMON, STACKED, WORKERS),
)


def quick(case: Case) -> Case:
    """The case with so few trials and epochs that it says nothing but whether the code works."""
    small = ("search.trials=2", "hyperparameters.epochs=1")
    return replace(
        case,
        title=f"{case.title} (cut to 2 trials of 1 epoch)",
        overrides=(*case.overrides, *small),
        ray_trials=2,
        target=0.5,
    )


def of_file(path: str) -> Case:
    """A study file of one's own, each way with all of its trials."""
    return Case("file", path, path, ways=(COMMON, TUNED, ALONE, STACKED, WORKERS, RAY))
