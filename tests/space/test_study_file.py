from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.space.hyperparameters import Choice, Fixed, Range
from hpsearch.space.load import dump_study, parse_study
from hpsearch.space.study_file import StudyFile, differences

MINIMAL = "name: s\ndata: digits\nhyperparameters: {depth: 2}\n"
FULL = """
name: full.study_1
data: {name: digits, split: {train: 0.8, dev: 0.1, test: 0.1}, normalize: none, seed: 3}
model: mlp
hyperparameters:
  momentum: {low: 0.5, high: 0.9, when: {optimizer: momentum, depth: [1, 3]}}
  optimizer: [momentum, adam]
  depth: {low: 1, high: 7, step: 2}
  width: {low: 8, high: 64, log: true, points: 4}
  learning_rate: {low: 1, high: 2}
  dropout: {value: 0, when: {batch_norm: false}}
  batch_norm: [true, false]
  l1: {options: [1e-4, 1], when: {optimizer: adam}}
objective: {metric: dev_loss}
search:
  {sampler: grid, pruner: median, trials: 7, seed: 5, slots: 4, timeout: 1h30m, target: 0.1, patience: 9}
execution: {executor: inline, workers: 1, stack: 8, devices: "cuda:1"}
"""


def parse(text: str, *overrides: str) -> StudyFile:
    return parse_study(text, file="study.yaml", overrides=overrides)


def hyperparameter(text: str) -> Any:
    study = parse("name: s\ndata: digits\nhyperparameters:\n  " + text)
    return study.hyperparameters[text.partition(":")[0]]


def test_the_smallest_file_gets_sensible_defaults() -> None:
    assert parse(MINIMAL).to_dict() == {
        "name": "s",
        "data": {
            "name": "digits",
            "path": None,
            "dev_path": None,
            "test_path": None,
            "target": None,
            "numeric": None,
            "categorical": None,
            "group": None,
            "task": "auto",
            "split": "auto",
            "normalize": "standard",
            "seed": 0,
        },
        "model": "mlp",
        "hyperparameters": {"depth": 2},
        "training": {"precision": "float32"},
        "objective": {"metric": "dev_accuracy", "direction": "maximize"},
        "search": {
            "sampler": "tpe",
            "pruner": "none",
            "trials": 20,
            "seed": 0,
            "slots": 16,
            "order": "exact",
            "ticks": "epochs",
            "cohort": "auto",
            "timeout": None,
            "trial_timeout": None,
            "target": None,
            "patience": None,
            "judge_by": None,
            "constraints": {"max_parameters": None, "max_multiply_adds": None},
            "enqueue": [],
            "warm_start": None,
            "repeats": False,
        },
        "execution": {
            "executor": "auto",
            "workers": "auto",
            "stack": "auto",
            "devices": "auto",
            "checkpoints": {"every": 60.0, "disk": 1_000_000_000},
        },
    }


SEVERAL = MINIMAL + "objective: [{metric: parameters}, {metric: dev_loss}, {metric: dev_accuracy}]\n"


def test_several_objectives_come_back_as_they_were_written_and_trials_go_by_the_first_that_is_measured() -> None:
    study = parse(SEVERAL)
    assert [(o.metric, o.direction) for o in study.objectives] == [
        ("parameters", "minimize"),
        ("dev_loss", "minimize"),
        ("dev_accuracy", "maximize"),
    ]
    assert (study.objective.metric, study.counts_costs) == ("dev_loss", True)
    assert parse(SEVERAL, "search.judge_by=dev_accuracy").objective.metric == "dev_accuracy"
    assert StudyFile.model_validate(study.to_dict()) == study
    assert parse_study(dump_study(study), file="again.yaml") == study


def test_a_list_of_one_objective_is_that_objective() -> None:
    one = parse(MINIMAL + "objective: [{metric: dev_loss}]\n")
    assert one == parse(MINIMAL + "objective: {metric: dev_loss}\n")
    assert one.to_dict()["objective"] == {"metric": "dev_loss", "direction": "minimize"}
    assert not one.counts_costs


def test_objectives_the_judge_and_limits_are_part_of_the_search() -> None:
    study = parse(SEVERAL).identity()
    for override in (
        "search.judge_by=dev_accuracy",
        "search.constraints.max_parameters=1000",
        "objective=[{metric: dev_loss}]",
    ):
        assert len(differences(study, parse(SEVERAL, override).identity())) == 1


def test_empty_sections_mean_all_defaults() -> None:
    assert parse(MINIMAL + "search:\nexecution:\nobjective: {}\n") == parse(MINIMAL)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("depth: 3", Fixed(3)),
        ("depth: 3.0", Fixed(3)),
        ("learning_rate: 1", Fixed(1.0)),
        ("batch_norm: true", Fixed(True)),
        ("optimizer: adam", Fixed("adam")),
        ("lr_decay: none", Fixed("none")),
        ("width: [128, 64]", Choice((128, 64))),
        ("width: [64]", Choice((64,))),
        ("depth: {low: 1, high: 3}", Range(1, 3, integer=True)),
        ("depth: {low: 1, high: 1}", Range(1, 1, integer=True)),
        ("dropout: {low: 0, high: 0.5, step: 0.1}", Range(0.0, 0.5, step=0.1)),
        ("l2: {low: 1e-7, high: 1, log: true, points: 3}", Range(1e-7, 1.0, log=True, points=3)),
    ],
)
def test_each_way_to_write_a_hyperparameter_gives_its_form_in_the_declared_type(text: str, form: object) -> None:
    parsed = hyperparameter(text)
    assert parsed == form
    for name in ("value", "low", "high", "step"):
        assert type(getattr(parsed, name, None)) is type(getattr(form, name, None))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1e-4", 1e-4),
        ("1E5", 1e5),
        (".5", 0.5),
        ("+1.5e+2", 150.0),
        ("5.", 5.0),
        ("1_000", 1000.0),
        ("07", 7.0),
    ],
)
def test_plain_words_that_look_like_numbers_are_numbers(written: str, number: float) -> None:
    assert hyperparameter(f"learning_rate: {written}") == Fixed(number)


def test_conditions_take_a_value_or_a_list_and_may_stand_before_their_parents() -> None:
    study = parse(FULL)
    assert study.hyperparameters["momentum"].when == (("optimizer", ("momentum",)), ("depth", (1, 3)))
    assert study.space.searched == (
        "optimizer", "depth", "momentum", "width", "learning_rate", "batch_norm", "l1",
    )  # fmt: skip


def test_a_condition_on_a_fixed_parent_may_name_any_value_that_it_could_have() -> None:
    text = "name: s\ndata: digits\nhyperparameters:\n  optimizer: [adam, momentum]\n"
    text += "  momentum: {low: 0.5, high: 0.9, when: {optimizer: momentum}}\n"
    study = parse(text, "hyperparameters.optimizer=adam")
    assert study.space.complete({"momentum": 0.6}) == {"optimizer": "adam"}


def test_the_direction_follows_the_metric_unless_said() -> None:
    assert parse(MINIMAL, "objective.metric=dev_loss").objective.direction == "minimize"
    assert parse(MINIMAL, "objective.direction=minimize").objective.direction == "minimize"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90), ("0.5", 0.5), ("90s", 90), ("1h30m", 5400), ("1d1s", 86401)],
)
def test_a_timeout_is_seconds_or_a_time_with_units(written: str, seconds: float) -> None:
    assert parse(MINIMAL, f"search.timeout={written}").search.timeout == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [("500MB", 500 * 10**6), ("2 GB", 2 * 10**9), ("1.5GiB", 3 * 2**29), ("64k", 64_000), ("7", 7), ("1e6", 10**6)],
)
def test_a_disk_budget_is_bytes_or_a_size_with_its_unit(written: str, size: int) -> None:
    assert parse(MINIMAL, f"execution.checkpoints.disk={written}").execution.checkpoints.disk == size
    assert parse(MINIMAL, "execution.checkpoints.every=5m").execution.checkpoints.every == 300


def test_a_study_file_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse(MINIMAL).name = "t"


@pytest.mark.parametrize("text", [MINIMAL, FULL])
def test_a_dumped_study_file_reads_back_equal(text: str) -> None:
    study = parse(text)
    assert parse(dump_study(study)) == study
    assert StudyFile.model_validate(json.loads(json.dumps(study.to_dict()))) == study


@pytest.mark.parametrize("name", ["1e-4", "true", "null", "2026-11-22", "123", "no", "1_0"])
def test_names_that_look_like_something_else_survive_a_dump(name: str) -> None:
    study = parse(MINIMAL.replace("name: s", f'name: "{name}"'))
    assert parse(dump_study(study)).name == name


def test_the_identity_survives_json_and_leaves_out_what_decides_no_result() -> None:
    study = parse(FULL)
    identity = study.identity()
    assert json.loads(json.dumps(identity)) == identity
    changed = (
        "search.trials=99",
        "search.timeout=1s",
        "search.target=1",
        "search.patience=2",
        "execution.stack=2",
        "execution.checkpoints.disk=5GB",
    )
    assert parse(FULL, *changed, "execution.devices=cpu").identity() == identity


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("hyperparameters.learning_rate=1", 'hyperparameters.learning_rate: {"low": 1.0, "high": 2.0} → 1.0'),
        ("hyperparameters.width.points=5", "hyperparameters.width.points: 4 → 5"),
        ("search.seed=6", "search.seed: 5 → 6"),
        ("search.slots=5", "search.slots: 4 → 5"),
        ("data.normalize=standard", "data.normalize: none → standard"),
        ("hyperparameters.epochs=5", "hyperparameters.epochs: absent → 5"),
        ("hyperparameters.l1.options=[1]", "hyperparameters.l1.options: [0.0001, 1.0] → [1.0]"),
    ],
)
def test_differences_name_what_changed(change: str, said: str) -> None:
    found = differences(parse(FULL).identity(), parse(FULL, change).identity())
    assert said in found
    order_changed = change == "hyperparameters.learning_rate=1"  # it is no longer among the searched
    assert len(found) == 1 + order_changed


def test_a_study_stored_before_there_was_a_precision_is_the_same_search() -> None:
    stored = parse(MINIMAL).to_dict()
    del stored["training"]
    old = StudyFile.model_validate(stored)
    assert differences(old.identity(), parse(MINIMAL).identity()) == []
    changed = parse(MINIMAL, "training.precision=tf32").identity()
    assert differences(old.identity(), changed) == ["training.precision: float32 → tf32"]


def test_the_order_of_searched_hyperparameters_is_part_of_the_identity() -> None:
    one, other = (
        parse(f"name: s\ndata: digits\nhyperparameters: {{{text}}}").identity()
        for text in ("depth: [1, 2], width: [1, 2], epochs: 3", "epochs: 3, width: [1, 2], depth: [1, 2]")
    )
    assert differences(one, other) == ['order: ["depth", "width"] → ["width", "depth"]']


@pytest.mark.parametrize("name", registry.names("hyperparameters"))
def test_every_registered_hyperparameter_is_declared_and_its_default_is_valid(name: str) -> None:
    declared = registry.load("hyperparameters", name)
    assert isinstance(declared, Hyperparameter)
    assert declared.doc.endswith(".")
    assert hyperparameter(f"{name}: {json.dumps(declared.default)}") == Fixed(declared.default)
    for parent, wanted in declared.needs:
        choices = registry.load("hyperparameters", parent).choices
        assert set(wanted) <= set(registry.names(choices))
