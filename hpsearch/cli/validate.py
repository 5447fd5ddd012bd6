"""`hpsearch validate`."""

from __future__ import annotations

import click

from hpsearch.cli import options
from hpsearch.space.hyperparameters import Choice, Form, Range
from hpsearch.space.load import load_study
from hpsearch.space.study_file import StudyFile


@click.command()
@click.argument("file", metavar="FILE")
@options.overrides
def validate(file: str, overrides: tuple[str, ...]) -> None:
    """Check FILE and say what it searches. Nothing is written.

    \b
    hpsearch validate digits_mlp
    """
    click.echo(describe(load_study(file, overrides)))


def describe(study: StudyFile) -> str:
    """The study in a few lines: what is fixed, what is searched and how."""
    search, space = study.search, study.space
    width = max(len(name) for name in space.hyperparameters)
    objectives = " and ".join(f"{objective.direction} {objective.metric}" for objective in study.objectives)
    lines = [
        f"{study.name}: {study.model} on {study.data.name}, {objectives}",
        f"{study.total} trials, sampler {search.sampler}, pruner {search.pruner}, "
        f"seed {search.seed}, {search.slots} at a time",
    ]
    if limits := search.constraints.limits:
        lines.append("at most " + ", ".join(f"{most:,} {cost}" for cost, most in limits.items()))
    if study.queue:
        known = sum(queued.known for queued in study.queue)
        results = f", {known} of them with their results" if known else ""
        lines.append(f"the first {len(study.queue)} take over given values{results}")
    if search.warm_start is not None and search.warm_start.rows is None:
        lines.append(f"with the best trials of {search.warm_start.study} among the first")
    lines += [f"  {name:<{width}}  {_said(form)}" for name, form in space.hyperparameters.items()]
    return "\n".join(lines)


def _said(form: Form) -> str:
    when = "".join(f"  when {parent} is {' or '.join(str(value) for value in values)}" for parent, values in form.when)
    if isinstance(form, Range):
        extras = [word for word in ("log",) if form.log] + ([f"step {form.step:g}"] if form.step else [])
        return f"{form.low:g} to {form.high:g}" + "".join(f", {extra}" for extra in extras) + when
    if isinstance(form, Choice):
        return " | ".join(str(option) for option in form.options) + when
    return f"= {form.value}{when}"
