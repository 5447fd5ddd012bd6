"""Tables: which column is what, gaps, categories, and everything that can be wrong with a file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.prepare import prepare
from hpsearch.training.data.splits import divide
from tests.training.data.examples import ROLES, table, write_table


def load(source: Source) -> Arrays:
    arrays: Arrays = registry.load("data", source.name)(source)
    return arrays


def csv(folder: Path, frame: pd.DataFrame | None = None, **named: Any) -> Source:
    return Source("csv", path=write_table(folder / "table.csv", frame), **(ROLES | named))


def test_a_table_becomes_numbers_categories_and_classes(tmp_path: Path) -> None:
    arrays, frame = load(csv(tmp_path, group="owner")), table()
    np.testing.assert_array_equal(arrays.features, frame[["size", "rooms"]].to_numpy())
    assert arrays.names == ("size", "rooms", "city")
    assert arrays.categories is not None
    assert [None if pd.isna(city) else city for city in frame["city"]] == arrays.categories[:, 0].tolist()
    assert (arrays.task, arrays.classes, arrays.labels) == ("binary", 2, ("no", "yes"))
    assert [arrays.labels[code] for code in arrays.targets] == frame["dear"].tolist()
    assert arrays.groups is not None
    pairs = set(zip(arrays.groups.tolist(), frame["owner"], strict=True))
    assert len(pairs) == frame["owner"].nunique() == len(set(arrays.groups.tolist()))


def test_csv_and_parquet_give_the_same(tmp_path: Path) -> None:
    one = prepare(csv(tmp_path))
    other = prepare(Source("parquet", path=write_table(tmp_path / "table.parquet"), **ROLES))
    assert one is not other
    assert torch.equal(one.train_x, other.train_x)
    assert torch.equal(one.dev_y, other.dev_y)


def test_a_gap_gets_the_training_parts_median_and_a_category_its_column(tmp_path: Path) -> None:
    source = csv(tmp_path, normalize="none")
    data, frame = prepare(source), table()
    parts = divide(load(source), "auto", 0)
    train, dev = frame.iloc[parts["train"]], frame.iloc[parts["dev"]]
    assert data.names == ("size", "rooms", "city=Bergen", "city=Lom", "city=Oslo")
    median = train["rooms"].median()
    np.testing.assert_array_equal(data.dev_x[:, 1].numpy(), dev["rooms"].fillna(median))
    assert dev["rooms"].isna().any()
    for column, city in enumerate(["Bergen", "Lom", "Oslo"], start=2):
        np.testing.assert_array_equal(data.dev_x[:, column].numpy(), dev["city"] == city)


def test_a_category_that_training_has_not_seen_is_all_zeros(tmp_path: Path) -> None:
    dev = table(40, seed=1)
    dev["city"] = "Hamar"
    source = csv(tmp_path, dev_path=write_table(tmp_path / "dev.csv", dev))
    data = prepare(source)
    assert data.inputs == (5,)
    assert len(data.dev_y) == 40
    assert float(data.dev_x[:, 2:].abs().max()) == 0
    assert float(data.train_x[:, 2:].sum(1).max()) == 1


def test_categories_stay_0_and_1_whatever_the_normalisation(tmp_path: Path) -> None:
    data = prepare(csv(tmp_path))
    assert set(data.train_x[:, 2:].flatten().tolist()) == {0.0, 1.0}
    assert abs(float(data.train_x[:, 0].mean())) < 1e-12


def test_all_other_columns_are_numeric_unless_said(tmp_path: Path) -> None:
    frame = table().drop(columns=["owner"])
    assert load(csv(tmp_path, frame, numeric=None)).names == ("size", "rooms", "price", "city")
    assert load(csv(tmp_path, frame, numeric=("price",), categorical=None)).names == ("price",)
    truth = frame.assign(new=frame["size"] > 50)
    assert load(csv(tmp_path, truth, numeric=("new",), categorical=None)).features[:, 0].tolist() == [*truth["new"]]


def test_a_number_may_be_a_category(tmp_path: Path) -> None:
    data = prepare(csv(tmp_path, table().assign(rooms=np.arange(120) % 3), numeric=("size",), categorical=("rooms",)))
    assert data.names == ("size", "rooms=0", "rooms=1", "rooms=2")


def test_a_table_of_categories_only_is_enough(tmp_path: Path) -> None:
    assert prepare(csv(tmp_path, numeric=())).names == ("city=Bergen", "city=Lom", "city=Oslo")


def test_files_that_hold_the_parts_are_those_parts(tmp_path: Path) -> None:
    sizes = {"dev": 30, "test": 25}
    named = {part: write_table(tmp_path / f"{part}.csv", table(rows, seed=rows)) for part, rows in sizes.items()}
    data = prepare(csv(tmp_path, dev_path=named["dev"], test_path=named["test"]))
    assert [len(y) for y in (data.train_y, data.dev_y, data.test_y)] == [120, 30, 25]
    half = prepare(csv(tmp_path, test_path=named["test"]))
    assert len(half.test_y) == 25
    assert (len(half.train_y), len(half.dev_y)) == (90, 30)  # 60 to 20


@pytest.mark.parametrize(
    ("values", "task", "expected"),
    [
        (["a", "b", "c"], "auto", "multiclass"),
        (["a", "b"], "auto", "binary"),
        (["a", "b"], "multiclass", "multiclass"),
        ([True, False], "auto", "binary"),
        ([0, 1], "auto", "binary"),
        ([3, 5, 9], "auto", "multiclass"),
        ([3.0, 5.0], "auto", "binary"),
        ([3.5, 5.0], "auto", "regression"),
        (range(20), "auto", "multiclass"),
        (range(21), "auto", "regression"),
        (range(21), "multiclass", "multiclass"),
        ([0, 1], "regression", "regression"),
    ],
)
def test_the_task_follows_the_target_unless_said(values: Any, task: str, expected: str, tmp_path: Path) -> None:
    values = list(values)
    frame = pd.DataFrame({"x": np.arange(210.0), "y": [values[row % len(values)] for row in range(210)]})
    source = Source("csv", path=write_table(tmp_path / "t.csv", frame), target="y", task=task)
    assert load(source).task == expected
    assert prepare(source).task == expected


def text(content: str | bytes) -> Callable[[Path], Source]:
    def write(folder: Path) -> Source:
        (folder / "table.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        return Source("csv", path=str(folder / "table.csv"), target="y")

    return write


def changed(change: Callable[[pd.DataFrame], Any], **named: Any) -> Callable[[Path], Source]:
    def write(folder: Path) -> Source:
        frame = table()
        change(frame)
        return csv(folder, frame, **named)

    return write


def with_dev(change: Callable[[pd.DataFrame], Any], **named: Any) -> Callable[[Path], Source]:
    def write(folder: Path) -> Source:
        frame = table(40, seed=1)
        change(frame)
        return csv(folder, dev_path=write_table(folder / "dev.csv", frame), **named)

    return write


def put(column: str, row: int, value: Any) -> Callable[[pd.DataFrame], None]:
    def put(frame: pd.DataFrame) -> None:
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value

    return put


BAD: dict[str, tuple[Callable[[Path], Source], str]] = {
    "no file": (
        lambda f: (text("x,y\n1,2\n")(f), replace(text("x,y\n")(f), path=str(f / "tabel.csv")))[1],
        "there is no file {folder}/tabel.csv; did you mean 'table.csv'?",
    ),
    "a folder": (lambda f: replace(text("x,y\n")(f), path=str(f)), "data.path: {folder} is a folder, not a file"),
    "an empty file": (text(""), "{folder}/table.csv: cannot be read as a table: No columns to parse from file"),
    "no rows": (text("x,y\n"), "{folder}/table.csv: the table has no rows"),
    "another separator": (text("x;y\n1;2\n"), "there is no column 'y' in table.csv; are its columns separated by ';'?"),
    "another encoding": (text("x,y\n1,\xe9\n".encode("latin-1")), "cannot be read as a table: 'utf-8' codec can't"),
    "a longer row": (text("x,y\n1,2\n3,4,5\n"), "cannot be read as a table: Error tokenizing data"),
    "rows longer than the first line": (text("x,y\n1,2,3\n3,4,5\n"), "cannot be read as a table: Length of header"),
    "a column twice": (text("x,x,y\n1,2,3\n"), "{folder}/table.csv: column 'x' is there twice"),
    "nothing to predict from": (text("y\n1\n2\n"), "{folder}/table.csv: there is no column to predict from"),
    "a target that is not there": (
        changed(lambda f: None, target="deer"),
        "data.target: there is no column 'deer' in table.csv; did you mean 'dear'?",
    ),
    "a feature that is not there": (
        changed(lambda f: None, numeric=("sise",)),
        "data.numeric: there is no column 'sise' in table.csv; did you mean 'size'?",
    ),
    "a column that the dev file lacks": (
        with_dev(lambda f: f.pop("city")),
        "data.categorical: there is no column 'city' in dev.csv; known: dear, owner, price, rooms, size",
    ),
    "text that is not declared": (
        changed(lambda f: None, numeric=None, categorical=None),
        "column 'city' holds text such as '{city}': name it under data.categorical or list under data.numeric only "
        "the columns to use",
    ),
    "text that is called a number": (
        changed(lambda f: None, numeric=("size", "city"), categorical=()),
        "column 'city' holds text such as '{city}': name it under data.categorical or leave it out of data.numeric",
    ),
    "one word among numbers": (changed(put("size", 7, "?")), "column 'size' holds text such as '?'"),
    "one word in the dev file": (with_dev(put("size", 7, "n.b.")), "column 'size' holds text such as 'n.b.'"),
    "an infinite number": (changed(put("size", 7, "inf")), "column 'size' holds an infinite number in row 8"),
    "a column without numbers": (
        changed(lambda f: f.__setitem__("rooms", np.nan)),
        "column 'rooms': there is no number in the training part",
    ),
    "no target": (
        changed(put("dear", 3, None)),
        "data.target: column 'dear' of table.csv is empty in row 4 (1 in all); every sample needs one",
    ),
    "no group": (
        changed(put("owner", 3, None), group="owner"),
        "data.group: column 'owner' of table.csv is empty in row 4 (1 in all)",
    ),
    "an infinite target": (
        changed(put("price", 3, "inf"), target="price"),
        "data.target 'price': inf in sample 4 (1 in all)",
    ),
    "one class only": (
        changed(lambda f: f.__setitem__("dear", "yes")),
        "data.target 'dear': there is one class only: 'yes'",
    ),
    "a class that training has not": (
        with_dev(put("dear", 3, "perhaps")),
        "data.target 'dear', dev part: 'perhaps' is outside the classes of the training part: no, yes",
    ),
    "text to predict as a number": (
        changed(lambda f: None, task="regression"),
        "data.target 'dear': holds '{dear}', which is no number to predict",
    ),
    "fractions to predict as classes": (
        changed(lambda f: None, target="price", task="multiclass"),
        "which is no class; data.task: regression?",
    ),
    "three classes for two": (
        changed(put("dear", 3, "perhaps"), task="binary"),
        "data.target 'dear': 3 classes, not 2; data.task: multiclass?",
    ),
    "a class of one sample": (
        changed(put("dear", 3, "perhaps")),
        "data.split: 120 samples, 1 of them of the rarest class, can't be split so",
    ),
    "a name for each sample": (
        changed(lambda f: f.__setitem__("city", [f"place {n}" for n in range(len(f))])),
        "data.categorical: column 'city' has 72 categories, more than 50",
    ),
    "the target as a feature": (
        changed(lambda f: None, numeric=("size", "dear")),
        "data.numeric: column 'dear' is there twice: it is data.target already",
    ),
    "no target named": (changed(lambda f: None, target=None), "data.target: is missing: data csv needs it"),
    "no path": (lambda f: Source("csv", target="y"), "data.path: is missing: data csv needs it"),
    "a group in two files": (
        with_dev(lambda f: None, group="owner"),
        "data.group: a group is in two of the files that were given for the parts",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_table_gets_one_clear_line(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpsearch.training.data.encode.MOST_CATEGORIES", 50)
    make, said = BAD[what]
    source = make(tmp_path)
    with pytest.raises(InputError) as raised:
        prepare(source)
    first = table().dropna()
    said = said.replace("{folder}", str(tmp_path)).replace("{dear}", table()["dear"][0])
    assert said.replace("{city}", table()["city"].dropna().iloc[0]) in str(raised.value), first
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_truncated_gzip_and_a_broken_parquet_file_are_refused(tmp_path: Path) -> None:
    packed = tmp_path / "table.csv.gz"
    packed.write_bytes(gzip.compress(table().to_csv(index=False).encode())[:-50])
    with pytest.raises(InputError, match="cannot be read as a table: Compressed file ended"):
        prepare(Source("csv", path=str(packed), **ROLES))
    path = Path(write_table(tmp_path / "table.parquet"))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="cannot be read as a table"):
        prepare(Source("parquet", path=str(path), **ROLES))


def test_a_table_in_gzip_is_read(tmp_path: Path) -> None:
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(table().to_csv(index=False).encode()))
    packed = prepare(Source("csv", path=str(tmp_path / "table.csv.gz"), **ROLES))
    assert torch.equal(packed.train_x, prepare(csv(tmp_path)).train_x)


def test_an_index_with_a_name_is_a_column_of_a_parquet_file(tmp_path: Path) -> None:
    path = write_table(tmp_path / "table.parquet", table().set_index("size"))
    assert load(Source("parquet", path=path, **ROLES)).names == ("size", "rooms", "city")
