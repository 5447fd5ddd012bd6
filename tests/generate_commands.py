"""Writes docs/commands.md, the reference of every command, from the commands themselves.

python -m tests.generate_commands
"""

from __future__ import annotations

from inspect import cleandoc
from pathlib import Path

import click

from hpsearch.cli.main import hpsearch

FILE = Path(__file__).parents[1] / "docs" / "commands.md"
HEAD = """# Commands

Written by `python -m tests.generate_commands` from the commands themselves.

`hpsearch COMMAND --help` says the same. Results go to stdout, progress and messages to stderr. Exit codes: 0 done,
1 the study failed, 2 bad input, 130 stopped by Ctrl-C.
"""


def reference() -> str:
    """The whole page."""
    # With the group's own settings: click keeps the option for help that the first context of a command makes.
    group = hpsearch.make_context("hpsearch", [], resilient_parsing=True)
    sections = [HEAD]
    for name in hpsearch.list_commands(group):
        command = hpsearch.get_command(group, name)
        assert command is not None
        sections.append(section(command, click.Context(command, parent=group, info_name=name)))
    return "\n".join(sections)


def section(command: click.Command, context: click.Context) -> str:
    """One command: what it does, an example, its options."""
    text, _, example = cleandoc(command.help or "").partition("\n\n\b\n")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    rows = [record for option in options if (record := option.get_help_record(context))]
    table = [
        "| option | meaning |",
        "|---|---|",
        *(f"| `{cell(flags)}` | {cell(meaning)} |" for flags, meaning in rows),
    ]
    parts = [f"## {context.info_name}", f"`{usage}`", text, f"```sh\n{example}\n```", "\n".join(table)]
    return "\n\n".join(parts) + "\n"


def cell(text: str) -> str:
    """Text that can stand in a cell of a table."""
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
