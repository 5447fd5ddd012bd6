"""`hpsearch`: the group of commands. Each is imported when it is called, so that `--help` answers at once."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import warnings
from typing import Any

import click

from hpsearch import __version__
from hpsearch.cli.stopping import interrupt
from hpsearch.errors import HpsearchError

COMMANDS = {
    "run": ("hpsearch.cli.run:run", "Run a study file to its total of trials."),
    "resume": ("hpsearch.cli.run:resume", "Go on with a study that was stopped."),
    "stop": ("hpsearch.cli.control:stop", "Stop a run from another terminal; nothing is lost."),
    "pause": ("hpsearch.cli.control:pause", "Let a run free its devices for a while."),
    "validate": ("hpsearch.cli.validate:validate", "Check a study file and say what it searches."),
    "status": ("hpsearch.cli.look:status", "How far a study is."),
    "studies": ("hpsearch.cli.look:studies", "List the studies of this workspace."),
    "trials": ("hpsearch.cli.look:trials", "List the trials of a study."),
    "best": ("hpsearch.cli.look:best", "Show the best trial of a study."),
    "show": ("hpsearch.cli.look:show", "Show one trial of a study."),
    "report": ("hpsearch.cli.report:report", "Write a study's HTML report."),
    "compare": ("hpsearch.cli.compare:compare", "Compare searches over repeated seeds."),
    "figures": ("hpsearch.cli.figures:figures", "List the figures of a report, with their options."),
    "ui": ("hpsearch.cli.ui:ui", "Browse the record in MLflow's pages."),
}


class LazyGroup(click.Group):
    """Knows its commands by name and one line; imports one only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of our output, `head` say, has seen enough; Python would complain when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from hpsearch.errors import did_you_mean

            raise click.UsageError(f"there is no command {name!r}; {did_you_mean(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hpsearch")
def hpsearch() -> None:
    """Hyperparameter search and experiment tracking for PyTorch.

    \b
    hpsearch run search_spaces/digits_mlp.yaml    search
    hpsearch ui                                   browse the runs in MLflow
    """


def main() -> None:
    """Run the command; an error is one line on stderr and an exit code, never a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell lets it be ignored
        signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)  # as Ctrl-C
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries warn their callers, not the person at the terminal
    try:
        code = hpsearch.main(prog_name="hpsearch", standalone_mode=False)
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        code = _failed(error.format_message(), error.exit_code)
    except HpsearchError as error:
        code = _failed(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        code = 130
    except OSError as error:
        code = _failed(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), 1)
    except Exception as error:
        from hpsearch.search.database import failure

        if (said := failure(error)) is None:
            raise
        code = _failed(said, 1)
    sys.exit(code if isinstance(code, int) else 0)


def _failed(message: str, code: int) -> int:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code
