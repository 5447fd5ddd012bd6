"""Whether a study and its data go together: what only shows once the data are loaded, before anything is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.errors import InputError
from hpsearch.events import Scalar
from hpsearch.space.hyperparameters import Choice, Fixed, Form, Range
from hpsearch.space.objectives import is_cost
from hpsearch.space.study_file import StudyFile
from hpsearch.training.config import configure, declared
from hpsearch.training.data import advice, drift
from hpsearch.training.data.arrays import Dataset

MOST_VALUES = 64  # of a range that shapes the network: each is tried, or else only its ends


def check(file: StudyFile, data: Dataset) -> list[str]:
    """Warnings, a sentence each. Raises InputError where the study cannot be run on the data."""
    _check_metrics(file, data)
    for name, form in file.space.hyperparameters.items():
        _check_hyperparameter(name, form, file, data)
    _check_network(file, data)
    return [*_unread(file), *_lone_batches(file), *drift.warnings(data), *advice.advice(data)]


def _check_metrics(file: StudyFile, data: Dataset) -> None:
    fitting = [metric for metric in registry.names("metric") if data.task in registry.load("metric", metric).tasks]
    for place, objective in enumerate(file.objectives):
        name = objective.metric
        if not is_cost(name) and name not in fitting:
            said = name if "metric" in objective.model_fields_set else f"{name}, the default,"
            where = "objective" if len(file.objectives) == 1 else f"objective[{place}]"
            what = f"{where}.metric: {said} is not for {data.task}, which is the task of data {file.data.name}"
            raise InputError(what, hint=f"these are: {', '.join(fitting)}")


def _check_hyperparameter(name: str, form: Form, file: StudyFile, data: Dataset) -> None:
    declaration = declared(name)
    if declaration.models and file.model in _models() and file.model not in declaration.models:
        readers = ", ".join(declaration.models)
        raise InputError(f"hyperparameters.{name}: model {file.model} does not read it", hint=f"these do: {readers}")
    if declaration.images and len(data.inputs) != 3 and any(_ends(form)):
        shape = f"its samples are {list(data.inputs)}, not [channel, row, column]"
        raise InputError(f"hyperparameters.{name}: it changes images, and data {file.data.name} has none: {shape}")


def _unread(file: StudyFile) -> Iterator[str]:
    """A sentence for each hyperparameter that is searched, though what would read it is never chosen."""
    forms = file.space.hyperparameters
    for name in file.space.searched:
        for parent, wanted in declared(name).needs:
            there = set(_values(forms[parent])) if parent in forms else {declared(parent).default}
            if parent not in dict(forms[name].when) and not there & set(wanted):
                yield (
                    f"hyperparameters.{name}: searched in vain, for nothing reads it: it goes with "
                    f"{parent} {' or '.join(map(str, wanted))}, and here it is {' or '.join(sorted(map(str, there)))}"
                )


def _lone_batches(file: StudyFile) -> Iterator[str]:
    """A sentence where batch norm may get a batch of one example."""
    forms = file.space.hyperparameters
    sizes = _values(forms["batch_size"]) if "batch_size" in forms else []
    normed = _values(forms["batch_norm"]) if "batch_norm" in forms else []
    if 1 in sizes and True in normed:
        yield "hyperparameters.batch_size: batch norm has no variance to measure in a batch of one example"


def _models() -> set[str]:
    """The models that declarations tell apart; any other may read what it likes."""
    declarations: list[Hyperparameter] = [declared(name) for name in registry.names("hyperparameters")]
    return {model for declaration in declarations for model in declaration.models}


def _check_network(file: StudyFile, data: Dataset) -> None:
    """Build the network with the study's first values, and then with each other value that shapes it.

    Only shapes are computed: no memory is taken. What a network says beside InputError is for its trial.
    """
    build = registry.load("model", file.model)
    for values in _variants(file):
        with torch.device("meta"), contextlib.suppress(NotImplementedError, RuntimeError):
            build(configure(values), data.inputs, data.outputs)


def _variants(file: StudyFile) -> Iterator[dict[str, Scalar]]:
    space = file.space
    first = {name: _values(space.hyperparameters[name])[0] for name in space.searched}
    yield space.complete(first)
    for name in space.searched:
        if not declared(name).fusible:
            for value in _values(space.hyperparameters[name])[1:]:
                yield space.complete({**first, name: value})


def _values(form: Form) -> list[Scalar]:
    if isinstance(form, Range) and form.integer:
        return list(form.integers) if len(form.integers) <= MOST_VALUES else _ends(form)
    return _ends(form)


def _ends(form: Form) -> list[Scalar]:
    if isinstance(form, Fixed):
        return [form.value]
    return list(form.options) if isinstance(form, Choice) else [form.low, form.high]
