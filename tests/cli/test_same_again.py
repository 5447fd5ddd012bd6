"""The same file and seed give the same search in another process, whatever Python's hash seed is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.command import environment

CODE = """
import json, sys, torch
from pathlib import Path
from tests.cli.command import hpsearch, light, outcome, trials, write_study
torch.set_num_threads(1)
folder, found = Path(sys.argv[1]), {}
with light():
    for sampler in ("grid", "random", "tpe"):
        study = write_study(folder, sampler, sampler=sampler, trials=16, pruner="asha", epochs=3)
        assert hpsearch("run", study, "--home", folder).code == 0
        found[sampler] = outcome(trials(folder, sampler))
print(json.dumps(found))
"""


def test_another_process_with_another_hash_seed_gives_the_same_search(tmp_path: Path) -> None:
    processes = []
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        command = [sys.executable, "-c", CODE, str(tmp_path / seed)]
        env = environment(PYTHONHASHSEED=seed)
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env))
    one, other = (json.loads(process.communicate(timeout=120)[0]) for process in processes)
    assert one == other
    assert {sampler: len(found) for sampler, found in one.items()} == {"grid": 16, "random": 16, "tpe": 16}
    assert any(trial["state"] == "PRUNED" for trial in one["tpe"])
    assert one["random"] != one["tpe"] != one["grid"]
