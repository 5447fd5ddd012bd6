from __future__ import annotations

from dataclasses import replace

import pandas as pd

from hpsearch.events import Failure
from hpsearch.reports.table import table
from hpsearch.search.records import Dimension
from tests.reports.studies import START, study, trial, weighed

DIMENSIONS = (
    Dimension("depth", low=1, high=4, integer=True),
    Dimension("rate", low=1e-4, high=1.0, log=True),
    Dimension("optimizer", options=("sgd", "adam")),
    Dimension("seed", low=0, high=9, integer=True),
)
OVERFITTING = {
    "train_loss": [0.1, 0.3],
    "dev_loss": [1.0, 1.0],
    "train_accuracy": [0.9, 1.0],
    "dev_accuracy": [0.5, 0.6],
}


def test_the_table_has_a_row_a_trial_and_a_column_a_searched_hyperparameter() -> None:
    frame = table(
        study(
            trial(0, 0.9, params={"depth": 2, "rate": 0.1, "optimizer": "sgd", "seed": 7}, metrics=OVERFITTING),
            trial(1, state="FAIL", params={"depth": 3, "optimizer": "adam"}, failure=Failure.ERROR, seconds=2.5),
            dimensions=DIMENSIONS,
        )
    )
    expected = pd.DataFrame(
        {
            "number": pd.Series([0, 1], dtype="int64"),
            "state": pd.Series(["COMPLETE", "FAIL"], dtype=object),
            "value": [0.9, float("nan")],
            "failure": pd.Series([None, "error"], dtype=object),
            "diagnosis": pd.Series(["overfitting, unstable", None], dtype=object),
            "epochs": pd.Series([2, 0], dtype="int64"),
            "seconds": [10.0, 2.5],
            "started": pd.to_datetime([START, START]),
            "seed": pd.Series([1000, 1001], dtype=object),
            "depth": pd.Series([2, 3], dtype="Int64"),
            "rate": [0.1, float("nan")],
            "optimizer": pd.Series(["sgd", "adam"], dtype=object),
            "hyperparameters.seed": pd.Series([7, None], dtype="Int64"),
        }
    )
    pd.testing.assert_frame_equal(frame, expected)


def test_the_table_of_no_trials_has_the_same_columns() -> None:
    empty, one = table(study(dimensions=DIMENSIONS)), table(study(trial(0, 1.0), dimensions=DIMENSIONS))
    assert len(empty) == 0
    assert list(empty.columns) == list(one.columns)


def test_costs_that_are_the_same_for_all_are_no_columns() -> None:
    alike = [replace(trial(number, 0.9), costs={"parameters": 7, "multiply_adds": 7 + number}) for number in range(3)]
    assert "parameters" not in table(study(*alike)).columns
    assert list(table(study(*alike))["multiply_adds"]) == [7, 8, 9]
    assert list(table(study(alike[0])).columns) == list(table(study(trial(0, 0.9))).columns)


def test_other_objectives_and_costs_are_columns_behind_the_value() -> None:
    record = weighed(study(trial(0, 0.9), trial(1, state="PRUNED")))
    frame = table(record)
    assert list(frame.columns[2:5]) == ["value", "parameters", "multiply_adds"]
    assert frame["parameters"].tolist() == [trial.costs["parameters"] for trial in record.trials]


def test_a_seed_of_64_bits_stays_exact() -> None:
    big = study(trial(2**63 - 1 - 1000, 1.0))
    assert table(big)["seed"].tolist() == [2**63 - 1]
