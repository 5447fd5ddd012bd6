"""The study's runs in MLflow: found again by their tags, written in few calls, counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.entities import Run as MlflowRun
from mlflow.exceptions import MlflowException

from hpsearch.tracking.counts import Counts
from hpsearch.tracking.faults import Faults
from hpsearch.tracking.metric_rows import metric_rows
from hpsearch.tracking.runs import TERMINAL, Run, Upload

_METRICS, _PARAMS, _TAGS = 800, 100, 100  # a call takes at most 1,000 things, 100 of them params, 100 tags
_PAGE = 1000
_REFUSED = frozenset({"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST"})
_KIND = "custom_model_development"  # or MLflow's pages open this experiment as one of language-model traces
_UPLOAD_TRIALS = 3
_UPLOADED = "hpsearch.uploads"  # tag: how many of a run's uploads have arrived


class MlflowStudy:
    """One study's record in MLflow: an experiment, a parent run, and a child run for each trial.

    Any exception from a method means that MLflow can't be written now: make a new one later, which finds what
    arrived, and fold the outbox again.
    """

    def __init__(
        self,
        tracking_uri: str,
        artifact_location: str | None,
        name: str,
        study_id: str,
        faults: Faults,
        on_parent: Callable[[str, str], None] = lambda experiment, run: None,
    ) -> None:
        """`on_parent` is told the experiment and the parent run as soon as they are known."""
        self._on_parent = on_parent
        self._client = MlflowClient(tracking_uri=tracking_uri)
        self._artifact_location, self._name, self._study_id = artifact_location, name, study_id
        self._faults = faults
        self._parent_id: str | None = None
        self._experiment_id = self._find_experiment()
        self._rows = metric_rows(tracking_uri)

    def runs(self) -> list[Run]:
        """The runs that are there. Of two for one trial (an answer was lost on the way), one is deleted."""
        found: dict[int | None, MlflowRun] = {}
        for run in self._all_runs():
            number = _number(run)
            other = found.get(number)
            if other is None:
                found[number] = run
                continue
            keep, drop = (other, run) if other.info.status in TERMINAL else (run, other)
            self._client.delete_run(drop.info.run_id)
            found[number] = keep
        if None in found:
            self._parent_is(found[None].info.run_id)
        return [self._known(number, run) for number, run in found.items()]

    def send(self, run: Run, common_tags: dict[str, str]) -> None:
        """Send what is not sent of this run: mostly a call to create it, one for its facts, one to end it."""
        run_id = run.run_id or self._create(run, common_tags)
        self._send_facts(run_id, run)
        self._send_uploads(run_id, run)
        if run.status != run.sent_status:
            if run.status in TERMINAL:
                self._client.set_terminated(run_id, run.status, end_time=run.ended)
            else:
                self._client.update_run(run_id, status=run.status)
            run.sent_status = run.status
        run.since = None
        if run.whole:
            run.known_points.clear()
            run.known_params.clear()

    def counts(self, epoch_metrics: Collection[str]) -> Counts:
        """What MLflow has, read back. `epoch_metrics` names the metrics that were recorded epoch by epoch."""
        parents = 0
        trials: list[MlflowRun] = []
        for run in self._all_runs():
            if _number(run) is None:
                parents += 1
            else:
                trials.append(run)
        statuses = [run.info.status for run in trials]
        return Counts(
            parents=parents,
            children=len(trials),
            finished=statuses.count("FINISHED"),
            killed=statuses.count("KILLED"),
            failed=statuses.count("FAILED"),
            running=statuses.count("RUNNING"),
            scheduled=statuses.count("SCHEDULED"),
            with_params=sum(bool(run.data.params) for run in trials),
            with_epochs=sum(any(key in epoch_metrics for key in run.data.metrics) for run in trials),
            not_sent=len(self._faults),
        )

    def _find_experiment(self) -> str | None:
        experiment = self._client.get_experiment_by_name(self._name)
        if experiment is None:
            return None
        if experiment.lifecycle_stage == "deleted":
            self._client.restore_experiment(experiment.experiment_id)
        return str(experiment.experiment_id)

    def _all_runs(self) -> Iterator[MlflowRun]:
        if self._experiment_id is None:
            return
        token: str | None = None
        while True:
            page = self._client.search_runs([self._experiment_id], max_results=_PAGE, page_token=token)
            yield from (run for run in page if run.data.tags.get("hpsearch.study_id") == self._study_id)
            token = page.token
            if not token:
                return

    def _known(self, number: int | None, found: MlflowRun) -> Run:
        run = Run(
            number,
            run_id=found.info.run_id,
            sent_status=found.info.status,
            started=found.info.start_time,
            uploaded=int(found.data.tags.get(_UPLOADED, 0)),
        )
        if run.whole:
            run.status = found.info.status
            return run
        run.known_params = dict(found.data.params)
        for key in found.data.metrics:
            history = self._client.get_metric_history(found.info.run_id, key)
            run.known_points.update((key, metric.step) for metric in history)
        return run

    def _create(self, run: Run, common_tags: dict[str, str]) -> str:
        tags = {**common_tags, "hpsearch.study": self._name, "hpsearch.study_id": self._study_id}
        if run.number is None:
            name, tags["hpsearch.role"] = self._name, "study"
        else:
            if self._parent_id is None:
                raise LookupError(f"trial {run.number} came before its study")
            name = f"trial-{run.number:05d}"
            tags |= {"hpsearch.role": "trial", "hpsearch.trial": str(run.number)}
            tags["mlflow.parentRunId"] = self._parent_id
        if self._experiment_id is None:
            self._experiment_id = self._client.create_experiment(
                self._name, self._artifact_location, tags={"mlflow.experimentKind": _KIND}
            )
        created = self._client.create_run(self._experiment_id, run.started, tags, name)
        run.run_id, run.sent_status = str(created.info.run_id), "RUNNING"
        if run.number is None:
            self._parent_is(run.run_id)
        return run.run_id

    def _parent_is(self, run_id: str) -> None:
        self._parent_id = run_id
        assert self._experiment_id is not None
        self._on_parent(self._experiment_id, run_id)

    def _send_facts(self, run_id: str, run: Run) -> None:
        points = self._rows.write(run_id, run.points) if self._rows else run.points
        metrics = [Metric(point.key, point.value, point.time, point.step) for point in points]
        params = [Param(key, value) for key, value in run.params.items()]
        tags = [RunTag(key, value) for key, value in run.tags.items()]
        while metrics or params or tags:
            try:
                self._client.log_batch(run_id, metrics[:_METRICS], params[:_PARAMS], tags[:_TAGS])
            except MlflowException as error:
                if error.error_code not in _REFUSED:
                    raise
                self._faults.add(f"facts of {_called(run)}", error)
            del metrics[:_METRICS], params[:_PARAMS], tags[:_TAGS]
        run.points, run.params, run.tags = [], {}, {}

    def _send_uploads(self, run_id: str, run: Run) -> None:
        if not run.uploads:
            return
        for upload in run.uploads:
            self._upload(run_id, run, upload)
        run.uploaded += len(run.uploads)
        self._client.set_tag(run_id, _UPLOADED, str(run.uploaded))
        run.uploads = []

    def _upload(self, run_id: str, run: Run, upload: Upload) -> None:
        what = f"artifact {upload.path or upload.name} of {_called(run)}"
        if upload.path is not None and not upload.path.exists():
            self._faults.add(what, "the file is not there")
            return
        try:
            if upload.path is None:
                self._client.log_text(run_id, upload.text, upload.name)
            else:
                self._client.log_artifact(run_id, str(upload.path), upload.folder or None)
        except Exception as error:
            # MLflow answers, so it may be this file or its store: the rest must not wait for it for ever.
            if self._faults.failed(what) < _UPLOAD_TRIALS:
                raise
            self._faults.add(what, error)


def _number(run: MlflowRun) -> int | None:
    """The trial's number, None for the run of the study."""
    number = run.data.tags.get("hpsearch.trial")
    return None if number is None else int(number)


def _called(run: Run) -> str:
    return "the study" if run.number is None else f"trial {run.number}"
