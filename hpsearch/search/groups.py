"""Groups of repeats: studies of one search that differ in their seeds, and which studies a name or a pattern means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

from optuna.storages import BaseStorage

from hpsearch.errors import InputError, did_you_mean
from hpsearch.search.reading import attributes_of_all, file_of, read_study
from hpsearch.search.records import StudyRecord
from hpsearch.space.study_file import differences

GROUP = "group"  # of a study in the storage: the group whose repeat it is


@dataclass(frozen=True, slots=True)
class Repeat:
    """One study of a contestant. `identity` is what decides its results but for name and seed, JSON-able.

    `data` is the fingerprint of what it was trained on, None where the study is older than that.
    """

    study: StudyRecord
    identity: Mapping[str, Any]
    data: str | None = None


@dataclass(frozen=True, slots=True)
class Contestant:
    """What is compared with others: one search, repeated with one seed or more, in the order of the seeds."""

    name: str
    repeats: tuple[Repeat, ...]

    @property
    def by_seed(self) -> dict[int, Repeat]:
        """The repeats by the seed of their search."""
        return {repeat.study.seed: repeat for repeat in self.repeats}


def repeat_name(group: str, seed: int) -> str:
    """What the repeat of a group with this seed is called."""
    return f"{group}-s{seed}"


def find_contestants(storage: BaseStorage | None, wanted: Sequence[str]) -> tuple[Contestant, ...]:
    """The contestants that these words mean, each once.

    A word names a group or a study; a group goes first. A pattern with ``*``, ``?`` or ``[…]`` means each group and
    each study outside of groups that it fits, or, where it fits none, each repeat. ``LABEL=WORD`` makes one contestant
    of all studies that the word means.

    Raises InputError for a word that means nothing, and for a contestant whose studies are not repeats of one search.
    """
    facts = attributes_of_all(storage)
    groups: dict[str, list[str]] = {}
    for name, attributes in facts.items():
        if GROUP in attributes:
            groups.setdefault(attributes[GROUP], []).append(name)
    meant: dict[str, list[str]] = {}
    for word in wanted:
        label, equals, pattern = word.rpartition("=")
        found = _meant(pattern, groups, [*facts])
        if equals:
            found = {label or pattern: [name for names in found.values() for name in names]}
        for name, names in found.items():
            if name in meant and meant[name] != names:
                raise InputError(f"two of the contestants are called {name!r}", hint="give one another LABEL=")
            meant[name] = names
    return tuple(Contestant(name, _repeats(storage, name, names, facts)) for name, names in meant.items())


def _meant(word: str, groups: Mapping[str, list[str]], names: Sequence[str]) -> dict[str, list[str]]:
    """What a word means: name of a contestant → names of its studies."""
    if word in groups:
        return {word: groups[word]}
    if word in names:
        return {word: [word]}
    grouped = {name for repeats in groups.values() for name in repeats}
    whole = {**groups, **{name: [name] for name in names if name not in grouped}}
    for known in (whole, {name: [name] for name in sorted(grouped)}):
        found = {name: known[name] for name in sorted(known) if fnmatchcase(name, word)}
        if found:
            return found
    hint = did_you_mean(word, whole) or "there are no studies here yet" * (not names) or "hpsearch studies lists them"
    raise InputError(f"there is no study or group of repeats {word!r}", hint=hint)


def _repeats(
    storage: BaseStorage | None, name: str, studies: Sequence[str], facts: Mapping[str, Mapping[str, Any]]
) -> tuple[Repeat, ...]:
    repeats = [
        Repeat(read_study(storage, study), _identity(facts[study]["hpsearch"]), facts[study]["hpsearch"].get("data"))
        for study in dict.fromkeys(studies)
    ]
    repeats.sort(key=lambda repeat: (repeat.study.seed, repeat.study.name))
    for before, after in pairwise(repeats):
        both = f"{before.study.name!r} and {after.study.name!r}"
        changed = differences(before.identity, after.identity)
        if changed:
            raise InputError(f"{both} are no repeats of one search ({name}): {changed[0]}", hint="compare them apart")
        if before.study.seed == after.study.seed:
            raise InputError(f"{both} of {name} have the same seed {after.study.seed}", hint="leave one of them out")
    return tuple(repeats)


def _identity(facts: Mapping[str, Any]) -> dict[str, Any]:
    identity = file_of(facts).identity()
    del identity["name"], identity["search"]["seed"]
    return identity
