"""A changed file under the same name: each change is named, and either applied or refused with a reason."""

from __future__ import annotations

import pytest

from hpsearch.space.load import parse_study
from hpsearch.space.revision import COMPARED, DECIDED, TAKEN, changes
from hpsearch.space.study_file import StudyFile

TEXT = """
name: s
data: digits
hyperparameters:
  depth: {low: 1, high: 4}
  width: [64, 128]
  optimizer: [momentum, adam]
  momentum: {low: 0.5, high: 0.9, when: {optimizer: momentum}}
  learning_rate: {low: 1e-4, high: 1e-1, log: true}
  batch_size: 64
  epochs: 20
search: {enqueue: [{depth: 2}]}
"""


def study(*overrides: str) -> StudyFile:
    return parse_study(TEXT, file="s.yaml", overrides=overrides)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("search.trials=50", "search.trials: 20 → 50"),
        ("search.timeout=10m", "search.timeout: null → 600.0"),
        ("search.target=0.9", "search.target: null → 0.9"),
        ("search.patience=9", "search.patience: null → 9"),
        ("search.repeats=true", "search.repeats: false → true"),
        ("execution.workers=1", "execution.workers: auto → 1"),
        ("execution.checkpoints.every=5", "execution.checkpoints.every: 60.0 → 5.0"),
        ("hyperparameters.learning_rate.high=0.3", "hyperparameters.learning_rate.high: 0.1 → 0.3"),
        ("hyperparameters.depth.low=2", "hyperparameters.depth.low: 1 → 2"),
        ("hyperparameters.depth={low: 1, high: 5, points: 2}", "hyperparameters.depth.high: 4 → 5"),
        ("hyperparameters.momentum.low=0.6", "hyperparameters.momentum.low: 0.5 → 0.6"),
        ("hyperparameters.epochs=30", "hyperparameters.epochs: 20 → 30"),
    ],
)
def test_what_may_change_is_said(change: str, said: str) -> None:
    found = changes(study(), study(change))
    assert said in [one.said for one in found]
    assert [one.refused for one in found] == [""] * len(found)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("data=wine", COMPARED),
        ("data.seed=1", COMPARED),
        ("model=dbn", COMPARED),
        ("objective.metric=dev_loss", COMPARED),
        ("objective.direction=minimize", COMPARED),
        ("training.precision=float64", COMPARED),
        ("hyperparameters.batch_size=32", COMPARED),
        ("search.seed=1", DECIDED),
        ("search.slots=4", DECIDED),
        ("search.ticks=cost", DECIDED),
        ("search.sampler=random", DECIDED),
        ("search.pruner=asha", DECIDED),
        ("search.cohort=4", DECIDED),
        ("search.enqueue=[]", TAKEN),
        ("search.warm_start=other", TAKEN),
        ("hyperparameters.width=[64, 128, 256]", "Optuna keeps the options of a list for good, and so does the study"),
        ("hyperparameters.dropout={low: 0, high: 0.5}", "earlier trials have no value of it"),
        ("hyperparameters.learning_rate=0.1", "it was searched in another way before"),
        ("hyperparameters.learning_rate.log=false", "only the ends of a range may change"),
        ("hyperparameters.momentum={low: 0.5, high: 0.9}", "only the ends of a range may change"),
        ("hyperparameters.epochs=[20, 30]", "it was searched in another way before"),
    ],
)
def test_what_may_not_change_is_refused_with_the_reason(change: str, reason: str) -> None:
    refused = [one for one in changes(study(), study(change)) if one.refused]
    assert {one.refused for one in refused} == {reason}


def test_a_hyperparameter_that_goes_is_refused_and_so_is_another_order() -> None:
    without = parse_study(TEXT.replace("  width: [64, 128]\n", ""), file="s.yaml")
    assert [one.refused for one in changes(study(), without)] == ["earlier trials have values of it"]
    line = "  width: [64, 128]\n"
    moved = parse_study(TEXT.replace(line, "").replace("hyperparameters:\n", f"hyperparameters:\n{line}"), file="s")
    assert [one.refused for one in changes(study(), moved)] == ["samplers draw values in this order"]


def test_the_same_file_changes_nothing() -> None:
    assert changes(study(), study()) == []
    assert changes(study(), StudyFile.model_validate(study().to_dict())) == []
