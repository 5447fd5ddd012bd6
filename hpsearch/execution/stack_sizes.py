"""What was measured about stacks, kept from run to run: a kind of network is measured once on a machine."""

from __future__ import annotations

import json
import logging
import math
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch
from filelock import FileLock, Timeout

from hpsearch import __version__
from hpsearch.files import write_whole
from hpsearch.training.config import Signature
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.measure import StackCost, powers

log = logging.getLogger("hpsearch")

NAME = "stack-sizes.json"  # in the workspace
LARGEST = {"cpu": 64, "cuda": 512}  # stacks where nobody has set a limit; beyond it nothing is left to win
MOST = 5000  # kinds of network in the file; the ones that were measured first are forgotten
LOCK_SECONDS = 5.0


class StackSizes:
    """Remembers a `StackCost` for each kind of network, and which kinds this process has met.

    `path` is the file, which any number of processes may share, or None to remember nothing beyond this process.
    `limit` is the largest stack that is allowed, and `device_name` what `identity` says of the device. Nothing that is
    wrong with the file is an error: what cannot be read is measured again.
    """

    def __init__(self, path: Path | None, device_name: str, limit: int | Literal["auto"]) -> None:
        self._path, self._device = path, device_name
        self.limit = LARGEST[device_name.partition(" ")[0]] if limit == "auto" else limit
        self._costs = _read(path)
        self._met: dict[str, StackCost] = {}

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes to measure."""
        return powers(self.limit)

    def known(self, model: str, signature: Signature, data: Dataset) -> StackCost | None:
        """What was measured for this kind of network on data of this form, if it was."""
        key = self._key(model, signature, data)
        found = self._met.get(key) or self._costs.get(key)
        if found is not None:
            self._met[key] = found
        return found

    def put(self, model: str, signature: Signature, data: Dataset, cost: StackCost) -> None:
        """Remember a measurement. One that want of memory cut short is not kept for later runs."""
        key = self._key(model, signature, data)
        self._met[key] = cost
        if cost.stopped in ("memory", "error") or self._path is None:
            return
        try:
            _merge(self._path, key, cost)
        except (OSError, Timeout) as error:
            log.debug("%s: a measurement of stacks could not be kept: %s", self._path, error)

    def describe(self) -> str:
        """A sentence on the kinds of network that this process has met; empty where there were none."""
        costs = list(self._met.values())
        if not costs:
            return ""
        kinds = f"{len(costs)} kind{'' if len(costs) == 1 else 's'} of network"
        least, most = min(cost.size for cost in costs), max(cost.size for cost in costs)
        if most == 1:
            return f"stacks: {kinds}, trained one trial at a time: together they are no faster here"
        size = f"{most}" if least == most else f"{least} to {most}"
        speed = math.exp(sum(math.log(cost.speed) for cost in costs) / len(costs))
        return f"stacks: {kinds}, {size} trials each, {speed:.1f} times the speed of one at a time"

    def _key(self, model: str, signature: Signature, data: Dataset) -> str:
        form = [data.task, data.inputs, data.outputs, len(data.train_y), len(data.dev_y), str(data.train_x.dtype)]
        return json.dumps([model, dict(signature), form, self._device, self.limit], sort_keys=True)


def identity(device: str, precision: str = "float32") -> str:
    """What decides how fast a device is: its kind first, then its name, threads, numbers and versions."""
    kind = "cuda" if device.startswith("cuda") else "cpu"
    name = torch.cuda.get_device_name(device) if kind == "cuda" else _processor()
    versions = f"torch {torch.__version__}, hpsearch {__version__}"
    return f"{kind} {name}, {torch.get_num_threads()} threads, {precision}, {versions}"


@cache
def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _read(path: Path | None) -> dict[str, StackCost]:
    """The entries of a file, those left out that are none; nothing where it is not there or broken."""
    costs: dict[str, StackCost] = {}
    with suppress(OSError, ValueError, AttributeError):
        stored: dict[str, Any] = {} if path is None else json.loads(path.read_bytes())
        for key, plain in stored.items():
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                costs[key] = StackCost.from_dict(plain)
    return costs


def _merge(path: Path, key: str, cost: StackCost) -> None:
    """Add an entry to what is in the file by now. Raises OSError, or Timeout where others hold it for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_SECONDS):
        costs = {known: old for known, old in _read(path).items() if known != key}
        recent = list({**costs, key: cost}.items())[-MOST:]
        write_whole(path, json.dumps({known: one.to_dict() for known, one in recent}).encode())
