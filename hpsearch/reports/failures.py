"""What failed, by class, and what can be done about each."""

from __future__ import annotations

from dataclasses import dataclass

from hpsearch.events import Failure
from hpsearch.reports.words import label, shorten
from hpsearch.search.records import StudyRecord, TrialRecord

MESSAGES = 3  # examples shown of one class of failure

ADVICE = {
    Failure.DIVERGED: "try a lower end of learning_rate, gradient_clip 1 or warmup_epochs; the sampler learns from it",
    Failure.OUT_OF_MEMORY: "not even alone did it fit: try a smaller batch_size, width or depth, or fewer workers",
    Failure.TIMEOUT: "raise search.trial_timeout, or search fewer epochs and smaller networks",
    Failure.CRASHED: "its process died, three times: workers.log beside the checkpoints may say why",
    Failure.ERROR: "the traceback says where; after mending it, search on under another name",
}


@dataclass(frozen=True, slots=True)
class FailureClass:
    """One class of failure: how many trials, and the first few as (trial number, message)."""

    kind: Failure
    count: int
    examples: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        return label(self.kind.value)

    @property
    def advice(self) -> str:
        return ADVICE[self.kind]

    def line(self) -> str:
        """All of it in one line, with the first example."""
        number, message = self.examples[0]
        example = f"trial {number}" if self.count == 1 else f"trial {number} first"
        return f"{self.count} {self.name} ({example}{': ' + message if message else ''}): {self.advice}"


def has_failed(trial: TrialRecord) -> bool:
    """Whether a trial came to no good end, whatever the sampler makes of it."""
    return trial.failure is not None or trial.state == "FAIL"


def failure_classes(study: StudyRecord) -> tuple[FailureClass, ...]:
    """The failures of a study, the most frequent class first."""
    failed: dict[Failure, list[TrialRecord]] = {}
    for trial in study.trials:
        if has_failed(trial):
            failed.setdefault(trial.failure or Failure.ERROR, []).append(trial)
    return tuple(
        FailureClass(kind, len(trials), tuple((t.number, shorten(t.message, 300)) for t in trials[:MESSAGES]))
        for kind, trials in sorted(failed.items(), key=lambda item: (-len(item[1]), item[0].value))
    )
