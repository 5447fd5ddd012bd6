"""A trial under way on disk, so that it goes on bit for bit as if it had never stopped.

Its random numbers are counters keyed by (seed, purpose, epoch): the epoch is all of their state. A file is written
whole or not at all, holds the digest of its own content, and is read without unpickling anything
(``weights_only=True``). One that is torn, or belongs to another trial, is as good as none.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hpsearch import __version__
from hpsearch.events import EpochEnded, from_json, to_json
from hpsearch.training.config import Config
from hpsearch.training.data.arrays import Dataset
from hpsearch.training.program import Program
from hpsearch.training.state import TrialState


@dataclass(slots=True)
class Best:
    """A trial's network, parameters [parameter] and buffers [buffer], after the epoch with the best value so far."""

    epoch: int
    value: float
    parameters: Tensor
    buffers: Tensor


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A trial after `state.epoch` epochs, one in `past` for each."""

    state: TrialState
    past: Sequence[EpochEnded]
    best: Best | None


def content_digest(data: Dataset) -> str:
    """A digest of all numbers that training reads, as 64 hexadecimal digits."""
    digest = hashlib.sha256(f"{data.task} {data.classes} {data.target_mean!r} {data.target_scale!r}".encode())
    for part in (data.train_x, data.train_y, data.dev_x, data.dev_y):
        digest.update(f"{part.dtype} {tuple(part.shape)}".encode())
        digest.update(part.cpu().contiguous().numpy().data)
    return digest.hexdigest()


def identity(config: Config, seed: int, model: str, objective: Sequence[str], data: str) -> str:
    """What a trial's numbers depend on, as 64 hexadecimal digits.

    `objective` decides which epoch is the best, `data` is its `content_digest`. The versions of hpsearch and
    PyTorch belong to it: another one may compute otherwise.
    """
    versions = [__version__, torch.__version__]
    everything = [asdict(config), seed, model, list(objective), data, versions]
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def encode(checkpoint: Checkpoint, identity: str) -> tuple[bytes, memoryview]:
    """The parts of a checkpoint's file: a line that says what it is, and the content."""
    state, best = checkpoint.state, checkpoint.best
    content = {
        "past": json.dumps([to_json(event) for event in checkpoint.past]),
        "parameters": _own(state.parameters),
        "buffers": _own(state.buffers),
        "moments": _own(state.moments),
    }
    if best is not None:
        content["best"] = [best.epoch, best.value, _own(best.parameters), _own(best.buffers)]
    stream = io.BytesIO()
    torch.save(content, stream)
    return _head(identity, stream.getbuffer()), stream.getbuffer()


def read(path: Path, identity: str, program: Program, number: int, seed: int, config: Config) -> Checkpoint | None:
    """The checkpoint of this very trial, on the program's device; None where there is none that can be used."""
    try:
        with path.open("rb") as file:
            head, content = file.readline(), file.read()
        if head != _head(identity, memoryview(content)):
            return None
        found = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
        checkpoint = _decode(found, number, seed, config)
    except Exception:  # whatever a file that is not ours makes its reader raise
        return None
    return _on_device(checkpoint, program) if _fits(checkpoint, program) else None


def _head(identity: str, content: memoryview) -> bytes:
    return f"hpsearch checkpoint {identity} {hashlib.sha256(content).hexdigest()}\n".encode()


def _own(tensor: Tensor) -> Tensor:
    """A copy on the CPU: a row of a stack would take all the stack with it."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _decode(found: dict[str, Any], number: int, seed: int, config: Config) -> Checkpoint:
    past = [from_json({**record, "number": number}) for record in json.loads(found["past"])]
    epochs = [event for event in past if isinstance(event, EpochEnded)]
    tensors = (found["parameters"], found["buffers"], found["moments"])
    state = TrialState(number, seed, config, len(epochs), *tensors, signals=epochs[-1].signals)
    return Checkpoint(state, epochs, Best(*found["best"]) if "best" in found else None)


def _fits(checkpoint: Checkpoint, program: Program) -> bool:
    """Whether the network is still the one that was saved; a model's code may have changed under its name."""
    state, best = checkpoint.state, checkpoint.best
    size, buffers = (program.parameters.size,), (program.buffers.size,)
    expected = [(state.parameters, size), (state.buffers, buffers), (state.moments, (state.optimizer.slots, *size))]
    if best is not None:
        expected += [(best.parameters, size), (best.buffers, buffers)]
    return all(tensor.shape == shape and tensor.dtype == program.dtype for tensor, shape in expected)


def _on_device(checkpoint: Checkpoint, program: Program) -> Checkpoint:
    state, best = checkpoint.state, checkpoint.best
    for name in ("parameters", "buffers", "moments"):
        setattr(state, name, getattr(state, name).to(program.device))
    if best is not None:
        best.parameters, best.buffers = best.parameters.to(program.device), best.buffers.to(program.device)
    return checkpoint
