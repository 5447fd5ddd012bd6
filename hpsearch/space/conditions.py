"""All hyperparameters of a study file together: their forms, and the conditions between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from hpsearch import registry
from hpsearch.declarations import Hyperparameter
from hpsearch.errors import did_you_mean
from hpsearch.events import Scalar
from hpsearch.space.forms import Checks, parse_form
from hpsearch.space.hyperparameters import Choice, CycleError, Fixed, Form, Range, parents_first
from hpsearch.space.problems import Path, Problem, shown, wrong
from hpsearch.space.values import checked


def parse_hyperparameters(raw: object) -> dict[str, Form]:
    """The typed hyperparameters, in the order of the file. Raises ProblemsError with all that is wrong."""
    if raw is not None and not isinstance(raw, dict):
        raise wrong(f"must be a mapping (name: what it may be), not {shown(raw)}")
    if not raw:
        raise wrong("is empty: name at least one hyperparameter")
    checks = Checks()
    forms: dict[str, Form] = {}
    for name, said in raw.items():
        form = checks.run((name,), partial(_form, name, said))
        if form is not None:
            forms[name] = form
    complete: dict[str, Form] = {}
    for name, form in forms.items():
        said = raw[name]
        when = said.get("when") if isinstance(said, dict) else None
        complete[name] = form if when is None else _conditional(checks, name, form, when, raw, forms)
    if not checks.problems:
        _check_cycles(checks, complete)
    checks.finish()
    return complete


def _declared(name: str) -> Hyperparameter:
    declared = registry.load("hyperparameters", name)
    if not isinstance(declared, Hyperparameter):
        raise TypeError(f"{name} is registered as a hyperparameter, but is a {type(declared).__name__}")
    return declared


def _form(name: str, said: object) -> Form:
    known = registry.names("hyperparameters")
    if name not in known:
        raise wrong("unknown hyperparameter", did_you_mean(name, known))
    fields = parse_form(_declared(name), said)
    kind: type[Form] = Fixed if "value" in fields else Choice if "options" in fields else Range
    return kind(**fields)


def _conditional(
    checks: Checks, name: str, form: Form, when: object, raw: Mapping[str, object], forms: Mapping[str, Form]
) -> Form:
    """The form with its conditions, as far as they make sense; the rest is noted in `checks`."""
    if not isinstance(when, dict):
        what = f"must be a mapping (hyperparameter: values), not {shown(when)}"
        checks.problems.append(Problem((name, "when"), what))
        return form
    conditions: list[tuple[str, tuple[Scalar, ...]]] = []
    for parent, wanted in when.items():
        path: Path = (name, "when", parent)
        if parent == name:
            checks.problems.append(Problem(path, "a hyperparameter cannot depend on itself"))
        elif parent not in raw:
            what = "the study sets no such hyperparameter"
            checks.problems.append(Problem(path, what, did_you_mean(parent, raw)))
        elif parent in forms:
            values = _wanted(checks, path, wanted, parent, forms[parent])
            conditions.append((parent, values))
    return replace(form, when=tuple(conditions))


def _wanted(checks: Checks, path: Path, wanted: object, parent: str, form: Form) -> tuple[Scalar, ...]:
    if isinstance(form, Range) and not form.integer:
        checks.problems.append(Problem(path, "a range of floats cannot decide: give it options, or a value"))
        return ()
    if isinstance(wanted, list) and not wanted:
        checks.problems.append(Problem(path, "an empty list can never hold"))
    values: dict[Scalar, None] = {}
    for index, item in enumerate(wanted if isinstance(wanted, list) else [wanted]):
        place = (*path, index) if isinstance(wanted, list) else path
        value = checks.run(place, partial(_possible, parent, form, item))
        if value in values:
            checks.problems.append(Problem(place, f"{shown(item)} is there twice"))
        if value is not None:
            values[value] = None
    return tuple(values)


def _possible(parent: str, form: Form, item: object) -> Scalar:
    """The value, if the parent can have it.

    A fixed parent may be fixed to another value: so `--set hyperparameters.optimizer=adam` leaves the
    conditions of a file valid, and what depends on other optimizers is never active.
    """
    value = checked(_declared(parent), item)
    if isinstance(form, Choice) and value not in form.options:
        options = [str(option) for option in form.options]
        raise wrong(f"{parent} is never {shown(value)} in this study", did_you_mean(value, options))
    if isinstance(form, Range) and isinstance(value, int) and value not in form.integers:
        by = f" by {form.step}" if form.step else ""
        hint = f"it goes from {form.low} to {form.high}{by}"
        raise wrong(f"{parent} is never {value} in this study", hint)
    return value


def _check_cycles(checks: Checks, forms: Mapping[str, Form]) -> None:
    try:
        parents_first(forms)
    except CycleError as error:
        what = f"the conditions go round in a circle: {error}"
        checks.problems.append(Problem((error.names[0], "when"), what))
