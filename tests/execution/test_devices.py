"""Which devices are meant, and which of them each worker gets."""

from __future__ import annotations

import pytest

from hpsearch.errors import InputError
from hpsearch.execution import devices


@pytest.fixture
def three_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: 3)


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: 0)
    monkeypatch.setattr(devices, "cores", lambda: 8)


@pytest.mark.usefixtures("three_gpus")
def test_auto_means_all_gpus_and_a_worker_on_each() -> None:
    assert devices.places("auto", "auto", slots=16) == ["cuda:0", "cuda:1", "cuda:2"]


@pytest.mark.usefixtures("three_gpus")
def test_workers_share_the_devices_in_turn() -> None:
    assert devices.places("cuda:2,cuda:0", 3, slots=16) == ["cuda:2", "cuda:0", "cuda:2"]
    assert devices.places("cuda", 2, slots=16) == ["cuda:0", "cuda:0"]
    assert devices.places("cpu", "auto", slots=2) == ["cpu"]


@pytest.mark.usefixtures("three_gpus")
def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"there is no cuda:3; PyTorch sees 3 GPUs"):
        devices.resolve("cuda:1, cuda:3")


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(("slots", "workers"), [(16, 8), (64, 8), (10, 5), (3, 1), (1, 1)])
def test_without_a_gpu_there_is_a_worker_a_core_and_two_slots_a_worker(slots: int, workers: int) -> None:
    assert devices.places("auto", "auto", slots) == ["cpu"] * workers


@pytest.mark.usefixtures("eight_cores")
def test_as_many_workers_as_were_asked_for() -> None:
    assert devices.places("auto", 12, slots=4) == ["cpu"] * 12


@pytest.mark.parametrize(
    ("device", "visible", "seen"),
    [
        ("cpu", None, ("", "cpu")),
        ("cuda:1", None, ("1", "cuda:0")),
        ("cuda:1", "4,7", ("7", "cuda:0")),
        ("cuda:0", "GPU-8932f937", ("GPU-8932f937", "cuda:0")),
    ],
)
def test_a_worker_sees_its_own_device_alone(
    device: str, visible: str | None, seen: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert devices.only(device) == seen


def test_bfloat16_is_refused_on_a_cpu_only() -> None:
    with pytest.raises(InputError, match=r"training\.precision: bfloat16 is for GPUs"):
        devices.check_precision("bfloat16", ["cuda:0", "cpu"])
    devices.check_precision("bfloat16", ["cuda:0"])
    devices.check_precision("float64", ["cpu"])
