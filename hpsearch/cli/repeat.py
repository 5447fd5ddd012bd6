"""`hpsearch run FILE --repeat N`: the same search again and again, each time with the next seed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from statistics import mean

from rich.console import Console

from hpsearch.cli.printing import say
from hpsearch.cli.workspace import Workspace, called_as
from hpsearch.space.study_file import StudyFile


def overrides_of(study: StudyFile, place: int) -> list[str]:
    """What `--set` would say to make a study file that of one of its repeats, the first being 0."""
    from hpsearch.search.groups import repeat_name

    seed = study.search.seed + place
    return [f"name={repeat_name(study.name, seed)}", f"search.seed={seed}"]


def run_repeats(
    group: str, repeats: Sequence[StudyFile], run: Callable[[StudyFile], int], workspace: Workspace, console: Console
) -> int:
    """Run each of them to its total, and say how they came out.

    Returns the exit code: 130 as soon as somebody stops, or else the worst that there was. What is done is done: the
    same command goes on with what is missing.
    """
    code = 0
    for place, study in enumerate(repeats, 1):
        say(console, f"repeat {place} of {len(repeats)}: {study.name}")
        try:
            ended = run(study)
        except KeyboardInterrupt:
            ended = 130
        if ended == 130:
            say(console, f"stopped in repeat {place} of {len(repeats)}; the same command goes on there")
            return 130
        code = max(code, ended)
    say(console, _summary(group, repeats, workspace))
    return code


def _summary(group: str, repeats: Sequence[StudyFile], workspace: Workspace) -> str:
    from hpsearch.search.reading import read_study
    from hpsearch.search.storage import open_storage

    storage = open_storage(workspace.home, workspace.storage, write=False)
    records = [read_study(storage, study.name) for study in repeats]
    best = [record.best.value for record in records if record.best is not None and record.best.value is not None]
    said = f"{group}: {len(repeats)} repeats"
    if best:
        said += f", best {records[0].metric} {mean(best):.4f} on average ({min(best):.4f} to {max(best):.4f})"
    return f"{said}; {called_as()} compare {shlex.quote(group)} OTHER compares it with others"
