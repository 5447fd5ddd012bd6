"""hpsearch beside the loop that people write today and beside Ray Tune, on the same searches, tracking on.

    python -m benchmarks                       # all searches and parts, half an hour on two cores
    python -m benchmarks digits peak           # some of them
    python -m benchmarks --quick               # tiny ones: does it work?
    python -m benchmarks --file my_study.yaml  # a search of your own

The parts after the searches are modules of their own: `python -m benchmarks.peak` and so on.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.cases import CASES, STRUCTURE, Case, of_file, quick
from benchmarks.compare import Compared, compare, table, to_json, verdict
from benchmarks.machine import machine
from benchmarks.ways import TUNED

# Each is a module with a `main()` that knows `--quick`, and runs in a process of its own.
PARTS = ("bookkeeping", "peak", "gpu")
NAMED = {case.name: case for case in (*CASES, STRUCTURE)}
BY_DEFAULT = (*(case.name for case in CASES), *PARTS)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line. Ends the process with exit code 2 where it makes no sense."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ", ".join((*NAMED, *PARTS))
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"{names}; all but {STRUCTURE.name}")
    parser.add_argument("--file", help="compare on this study file")
    parser.add_argument("--quick", action="store_true", help="few trials of one epoch: does it work?")
    parser.add_argument("--tuned", action="store_true", help="also the common loop with the fastest calls and storage")
    parser.add_argument("--repeats", type=int, default=1, help="how often each way runs each search; 1")
    parser.add_argument("--one-core", action="store_true", help="hold all processes to one core (Linux)")
    parser.add_argument("--output", type=Path, help="write all runs to this JSON file too")
    given = parser.parse_args(arguments)
    if given.repeats < 1:
        parser.error("--repeats must be at least 1")
    for name in given.what:
        if name not in (*NAMED, *PARTS):
            parser.error(f"there is no {name!r}; there are {names}")
    return given


def chosen_cases(given: argparse.Namespace) -> list[Case]:
    """The searches that were asked for."""
    names = given.what or ([] if given.file else BY_DEFAULT)
    cases = [NAMED[name] for name in names if name in NAMED] + ([of_file(given.file)] if given.file else [])
    cases = [case.also(TUNED) for case in cases] if given.tuned else cases
    return [quick(case) for case in cases] if given.quick else cases


def searches(given: argparse.Namespace, out: Console, progress: Console) -> None:
    """Compare on every search, and print what came of each as soon as it is there."""
    results: list[Compared] = []
    for case in chosen_cases(given):
        results.append(compare(case, given.repeats, progress.print))
        out.print(table(results[-1]))
        if given.output is not None:
            given.output.write_text(json.dumps(to_json(results, machine()), indent=2) + "\n")
    lines = [line for result in results for line in verdict(result)]
    if results:
        out.print("\n".join([*lines, machine()]), soft_wrap=True, highlight=False)


def parts(given: argparse.Namespace, progress: Console) -> None:
    """Run the parts that were asked for and are there."""
    for name in PARTS:
        module = f"benchmarks.{name}"
        if name not in (given.what or ([] if given.file else PARTS)) or importlib.util.find_spec(module) is None:
            continue
        progress.print(f"\n{name}")
        subprocess.run([sys.executable, "-m", module, *(["--quick"] if given.quick else [])], check=False)


def main(arguments: Sequence[str]) -> int:
    """Run as a process. Exit code 0, also where hpsearch was slower: a busy machine is no failure."""
    given = parse(arguments)
    if given.one_core:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    progress = Console(stderr=True)
    try:
        searches(given, Console(width=None if sys.stdout.isatty() else 180), progress)
        parts(given, progress)
    except KeyboardInterrupt:
        progress.print("stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
