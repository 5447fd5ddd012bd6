from __future__ import annotations

import pytest

from hpsearch.space.grid import cells, count
from hpsearch.space.hyperparameters import Fixed
from hpsearch.space.load import dump_study, load_study, packaged_study_files, parse_study
from hpsearch.space.sampler_plan import parse_plan

CARD = {
    "learning_rate", "lr_decay", "decay_rate", "batch_size", "momentum", "rmsprop_beta", "depth",
    "dropout", "l1", "l2", "optimizer",
}  # fmt: skip


def test_the_three_study_files_of_the_digits_are_shipped() -> None:
    assert {"digits_mlp", "digits_grid", "digits_random"} <= set(packaged_study_files())


@pytest.mark.parametrize("name", packaged_study_files())
def test_a_shipped_study_file_is_valid_and_named_after_its_file(name: str) -> None:
    study = load_study(name)
    assert study.name == name.replace("_", "-")
    assert study.space.searched
    assert parse_study(dump_study(study), file=name) == study


def test_digits_mlp_searches_every_hyperparameter_of_the_card_in_100_trials() -> None:
    study = load_study("digits_mlp")
    assert set(study.space.searched) >= CARD
    assert (study.search.trials, str(study.search.sampler), study.search.pruner) == (100, "tpe", "asha")
    assert study.hyperparameters["epochs"] == Fixed(20)


def test_the_grid_has_as_many_cells_as_trials_and_no_cell_without_meaning() -> None:
    study = load_study("digits_grid")
    assert str(study.search.sampler) == "grid"
    assert count(study.space) == study.search.trials == 24
    assert all(("momentum" in cell) == (cell["optimizer"] == "momentum") for cell in cells(study.space))


def test_random_search_has_the_same_space_and_budget_as_the_grid() -> None:
    grid, random = load_study("digits_grid"), load_study("digits_random")
    assert random.hyperparameters == grid.hyperparameters
    assert random.search == grid.search.model_copy(update={"sampler": parse_plan("random")})
    assert (random.data, random.objective) == (grid.data, grid.objective)
