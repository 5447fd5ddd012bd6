from __future__ import annotations

from hpsearch.reports.figures.provenance import Provenance, compute, draw
from hpsearch.reports.theme import LIGHT
from tests.reports.studies import study


def test_seed_data_commit_and_versions_are_told_and_no_user() -> None:
    noted = {"mlflow.user": "somebody", "mlflow.source.git.commit": "abc", "hpsearch.version.torch": "2.13.0"}
    record = compute(study(seed=7, data="f00d", provenance=noted, study_file="name: <b>\n"))
    assert isinstance(record, Provenance)
    facts = dict(record.facts)
    assert (facts["Seed"], facts["Fingerprint of the data"]) == ("7", "f00d")
    assert (facts["Git commit"], facts["torch"]) == ("abc", "2.13.0")
    assert "somebody" not in facts.values()
    assert "<pre>name: &lt;b&gt;\n</pre>" in draw(record, LIGHT)


def test_a_study_of_an_older_version_tells_what_it_knows() -> None:
    record = compute(study())
    assert isinstance(record, Provenance)
    assert [name for name, _ in record.facts] == ["Seed", "Sampler", "Pruner", "Created"]
