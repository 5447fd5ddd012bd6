"""Image sets: where their files are looked for, and what is wrong with them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sklearn.datasets

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.data import idx
from hpsearch.training.data.arrays import Arrays, Source
from hpsearch.training.data.prepare import prepare
from tests.training.data.examples import write_cifar, write_idx, write_mnist


def load(source: Source) -> Arrays:
    arrays: Arrays = registry.load("data", source.name)(source)
    return arrays


def test_an_idx_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    for name in ("plain", "packed.gz"):
        write_idx(tmp_path / name, values)
        assert np.array_equal(idx.read_idx(tmp_path / name, (None, 28, 28)), values)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_training_files_come_first_and_test_files_are_the_test_part(tmp_path: Path, ending: str) -> None:
    arrays = load(Source("mnist", path=str(write_mnist(tmp_path, 40, 20, ending))))
    assert (arrays.features.shape, str(arrays.features.dtype)) == ((60, 1, 28, 28), "uint8")
    assert arrays.targets.tolist() == [*(n % 10 for n in range(40)), *(n % 10 for n in range(20))]
    assert arrays.given["test"].tolist() == list(range(40, 60))
    assert arrays.labels == tuple("0123456789")


def test_bytes_become_float32_without_a_copy_in_float64(tmp_path: Path) -> None:
    data = prepare(Source("mnist", path=str(write_mnist(tmp_path)), normalize="min_max_channel"))
    assert str(data.train_x.dtype) == "torch.float32"


def test_cifar_is_read_channel_by_channel(tmp_path: Path) -> None:
    folder = write_cifar(tmp_path)
    arrays = load(Source("cifar10", path=str(folder)))
    assert arrays.features.shape == (120, 3, 32, 32)
    first = np.frombuffer((folder / "data_batch_1.bin").read_bytes(), dtype=np.uint8)[:3073]
    assert arrays.targets[0] == first[0]
    assert np.array_equal(arrays.features[0].ravel(), first[1:])
    assert arrays.given["test"].tolist() == list(range(100, 120))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("mnist", "."), ("mnist", "mnist"), ("fashion_mnist", "fashion-mnist"), ("fashion_mnist", "fashion_mnist"),
        ("cifar10", "cifar10"), ("cifar10", "cifar-10-batches-bin"),
    ],
)  # fmt: skip
def test_files_are_found_in_the_environments_folder(
    name: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (write_cifar if name == "cifar10" else write_mnist)(tmp_path / folder)
    monkeypatch.setenv("HPSEARCH_DATA", str(tmp_path))
    assert len(load(Source(name)).targets) > 100


def test_the_path_of_the_study_goes_before_the_environment_and_that_before_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert idx.FASHION.packaged is not None
    write_mnist(idx.FASHION.packaged, train=40)
    assert len(load(Source("fashion_mnist")).targets) == 70
    monkeypatch.setenv("HPSEARCH_DATA", str(write_mnist(tmp_path / "of environment", train=50)))
    assert len(load(Source("fashion_mnist")).targets) == 80
    assert len(load(Source("fashion_mnist", path=str(write_mnist(tmp_path / "said", train=60)))).targets) == 90


@pytest.mark.parametrize(
    ("name", "openml", "shape"),
    [
        ("mnist", "mnist_784", (1, 28, 28)),
        ("fashion_mnist", "Fashion-MNIST", (1, 28, 28)),
        ("cifar10", "CIFAR_10", (3, 32, 32)),
    ],
)
def test_what_is_nowhere_is_fetched_from_openml(
    name: str, openml: str, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(name: str, **named: Any) -> Any:
        asked.append(name)
        samples = 10_020
        data = np.zeros((samples, int(np.prod(shape))), dtype=np.uint8)
        data[:, -1] = np.arange(samples) % 256
        return SimpleNamespace(data=data, target=np.array([str(n % 10) for n in range(samples)], dtype=object))

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    arrays = load(Source(name))
    assert asked == [openml]
    assert (arrays.features.shape, str(arrays.features.dtype)) == ((10_020, *shape), "uint8")
    assert arrays.features[:, -1, -1, -1].tolist() == [n % 256 for n in range(10_020)]
    assert arrays.targets[:11].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert arrays.given["test"].tolist() == list(range(20, 10_020))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_without_files_and_network_the_places_that_were_tried_are_named(name: str) -> None:
    with pytest.raises(InputError) as raised:
        load(Source(name))
    said = str(raised.value)
    assert "data.path (not set), HPSEARCH_DATA (not set)" in said
    assert "OpenML did not give it: no route to host" in said
    assert ("packaged" in said) == (name == "fashion_mnist")
    assert "\n" not in said


def spoil(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        file = folder / name
        file.write_bytes(change(file.read_bytes()))

    return spoil


def rewrite(name: str, values: Any) -> Callable[[Path], None]:
    return lambda folder: write_idx(folder / name, np.asarray(values, dtype=np.uint8))


IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
BAD_MNIST: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a missing file": (lambda f: (f / LABELS).unlink(), "there is no train-labels-idx1-ubyte"),
    "a truncated gzip": (spoil(IMAGES, lambda c: c[:-5000]), "cannot be read: Compressed file ended before"),
    "no gzip": (spoil(IMAGES, lambda c: b"text"), "cannot be read: Not a gzipped file"),
    "spoilt within": (spoil(IMAGES, lambda c: c[:900] + b"\xff" * 99 + c[999:]), "cannot be read"),
    "a short head": (spoil(IMAGES, lambda c: gzip.compress(b"\0\0\x08\x03")), "is no IDX file of bytes with 3 axes"),
    "labels for images": (rewrite(IMAGES, [1, 2, 3]), "is no IDX file of bytes with 3 axes"),
    "numbers of another type": (
        spoil(LABELS, lambda c: gzip.compress(b"\0\0\x0d\x01" + gzip.decompress(c)[4:])),
        "is no IDX file of bytes with 1 axes",
    ),
    "fewer bytes than the head says": (
        spoil(LABELS, lambda c: gzip.compress(gzip.decompress(c)[:-7])),
        "its head says 100 bytes, but there are 93",
    ),
    "more bytes than the head says": (
        spoil(LABELS, lambda c: gzip.compress(gzip.decompress(c) + b"7")),
        "its head says 100 bytes, but there are more",
    ),
    "images of another size": (rewrite(IMAGES, np.zeros((100, 14, 14))), "images of 14 × 14, not of 28 × 28"),
    "more labels than images": (rewrite(LABELS, np.zeros(101)), "100 images in train-images, but 101 labels"),
    "a label outside the classes": (
        rewrite(LABELS, [*range(10)] * 9 + [10] * 10),
        "label 10 of sample 91 is outside the classes 0 to 9",
    ),
    "no test samples": (
        lambda f: (
            rewrite("t10k-labels-idx1-ubyte.gz", [])(f),
            rewrite("t10k-images-idx3-ubyte.gz", np.zeros((0, 28, 28)))(f),
        ),
        "there must be some of both",
    ),
}


@pytest.mark.parametrize("what", BAD_MNIST)
def test_wrong_idx_files_get_one_clear_line(what: str, tmp_path: Path) -> None:
    spoil, said = BAD_MNIST[what]
    folder = write_mnist(tmp_path / "mnist")
    spoil(folder)
    with pytest.raises(InputError) as raised:
        load(Source("mnist", path=str(folder)))
    assert said in str(raised.value)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_there_or_holds_nothing_is_told_with_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.path: there is no folder .*it should hold train-images"):
        load(Source("mnist", path=str(tmp_path / "nothing")))
    with pytest.raises(InputError, match=r"data\.path: .* does not hold data_batch_1\.bin"):
        load(Source("cifar10", path=str(tmp_path)))


@pytest.mark.parametrize("folder", [".", "cifar-10-batches-py"])
def test_the_pickled_cifar_is_never_opened(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "data_batch_1").write_bytes(b"\x80\x04")
    with pytest.raises(InputError, match="pickled version of CIFAR-10, which is never opened; get the binary version"):
        load(Source("cifar10", path=str(tmp_path)))
    monkeypatch.setenv("HPSEARCH_DATA", str(tmp_path))
    with pytest.raises(InputError, match="never opened"):
        load(Source("cifar10"))


def test_cifar_files_of_another_length_or_with_strange_labels_are_refused(tmp_path: Path) -> None:
    folder = write_cifar(tmp_path)
    batch = folder / "data_batch_3.bin"
    content = batch.read_bytes()
    batch.write_bytes(b"\x0a" + content[1:])
    with pytest.raises(InputError, match="label 10 of sample 41 is outside the classes 0 to 9"):
        load(Source("cifar10", path=str(folder)))
    batch.write_bytes(content[:-1])
    with pytest.raises(InputError, match="no whole number of records of 3073 bytes"):
        load(Source("cifar10", path=str(folder)))
    batch.unlink()
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load(Source("cifar10", path=str(folder)))
