"""Database servers for tests: started where their programs are installed, in a folder of their own, and gone after."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

PATIENCE_SECONDS = 300.0


def program(name: str, *folders: str) -> str:
    """Where a server's program is. Skips the test where it is not installed."""
    elsewhere = [str(place) for pattern in folders for place in sorted(Path("/").glob(pattern))]
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *elsewhere]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def account(name: str) -> str | None:
    """Whom to be: neither server likes root. None where that is nobody else."""
    return name if os.geteuid() == 0 and name in {user.pw_name for user in pwd.getpwall()} else None


def prepare(command: list[str], user: str | None) -> None:
    """Make a server's files; a failure shows what the program said."""
    done = subprocess.run(command, user=user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def answers(place: Path, url: str) -> bool:
    """Whether the server is there. (Of a socket that is not, PyMySQL leaves one open.)"""
    try:
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.connect(str(place))
        with create_engine(url, poolclass=NullPool).connect():
            return True
    except (OSError, SQLAlchemyError):
        return False


@contextmanager
def running(command: list[str], user: str | None, place: Path, url: str, end: signal.Signals) -> Iterator[None]:
    """A server as a process that answers at its socket, ended by a signal."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not answers(place, url):
            assert server.poll() is None, f"{command[0]} has ended"
            assert time.monotonic() < until, f"{command[0]} does not answer"
            time.sleep(0.1)
        yield
    finally:
        server.send_signal(end)
        server.wait(PATIENCE_SECONDS)


@contextmanager
def home_of(user: str | None) -> Iterator[Path]:
    """A folder that is the server's account's; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="hpsearch-server-") as folder:
        if user is not None:
            shutil.chown(folder, user)
        yield Path(folder)


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server with a database, behind a socket in its folder; yields its URL."""
    pytest.importorskip("psycopg")
    initdb, user = program("initdb", "usr/lib/postgresql/*/bin"), account("postgres")
    with home_of(user) as data:
        prepare([initdb, "-D", str(data), "-U", "hpsearch", "-A", "trust", "-N"], user)
        server = [str(Path(initdb).with_name("postgres")), "-D", str(data), "-k", str(data), "-h", "", "-F"]
        url = f"postgresql+psycopg://hpsearch@/postgres?host={data}"
        with running(server, user, data / ".s.PGSQL.5432", url, signal.SIGINT):  # which does not wait for clients
            yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB server with a database, behind a socket in its folder; yields its URL."""
    pytest.importorskip("pymysql")
    server, install, user = program("mariadbd"), program("mariadb-install-db"), account("mysql")
    with home_of(user) as data, home_of(user) as temporary:
        # A server that starts removes temporary tables, also those of another that shares the folder.
        place = ["--no-defaults", f"--datadir={data}", f"--tmpdir={temporary}"]
        prepare([install, *place, "--auth-root-authentication-method=normal"], user)
        listens = ["--skip-networking", f"--socket={data}/socket"]
        url = f"mysql+pymysql://root@localhost/test?unix_socket={data}/socket"
        with running([server, *place, *listens], user, data / "socket", url, signal.SIGTERM):
            yield url
