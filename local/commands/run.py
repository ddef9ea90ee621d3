"""`aftersales run`: the desk on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from types import FrameType

    from aftersales.settings.model import Settings
    from local.runner import Runner

SETTINGS_FILE = Path("aftersales.yaml")
STATE = Path(".state")
DEMO_STATE = STATE / "demo"
"""Apart from real data: a demonstration runs on a clock of its own."""
INBOX = Path("inbox")
PORT = 8765
PORTS_TRIED = 10
"""A demonstration takes the next free port; a real desk's port may be what a tunnel leads to."""


@click.command()
@click.option(
    "--settings",
    "settings_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Settings file.  [default: {SETTINGS_FILE}, where it exists]",
)
@click.option(
    "--state",
    "state_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Folder for data and logs.  [default: {STATE}; {DEMO_STATE} for a demonstration]",
)
@click.option(
    "--inbox",
    "inbox_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Folder for dropped files, one folder per shop below it.  [default: {INBOX}]",
)
@click.option("--speed", type=float, help="How many times faster than real time.  [default: 1]")
@click.option("--port", type=int, help=f"Port of the local page.  [default: {PORT}]")
@click.option("--once", metavar="FUNCTION", help="One pass of a function, for cron or systemd.")
@click.option(
    "--demo/--no-demo",
    default=None,
    help="Simulate a shop, couriers and a chat robot.  [default: where there are no settings]",
)
def run(  # noqa: PLR0917 - click passes options by name
    settings_path: Path | None,
    state_dir: Path | None,
    inbox_dir: Path | None,
    speed: float | None,
    port: int | None,
    once: str | None,
    demo: bool | None,
) -> None:
    """Run all functions on their schedules until Ctrl-C, or one of them once.

    Data stay in the state folder: the next start goes on from there, also after a crash.
    """
    from rich.console import Console

    from local.demo import Demo, load_demo
    from local.runner import Runner

    if settings_path is None and not demo and SETTINGS_FILE.exists():
        settings_path = SETTINGS_FILE
    is_demo = settings_path is None and once is None if demo is None else demo
    state_dir = state_dir or (DEMO_STATE if is_demo else STATE)
    added = load_demo(state_dir) if is_demo else Demo(speed=1.0)
    settings = _read_settings(settings_path) if settings_path else added.settings
    # This stream, whatever the standard output becomes: functions log to a file.
    console = Console(file=sys.stdout, highlight=True)
    runner = Runner(
        state_dir,
        console=console,
        settings=settings,
        speed=added.speed if speed is None else speed,
        start=added.start,
        port=port or (_free_port() if is_demo else PORT),
        inbox_dir=inbox_dir or (state_dir / "inbox" if is_demo else INBOX),
        pages=added.pages,
        parts=added.parts,
    )
    good = _run(runner, once)
    if not runner.clean:
        # A call is still at work in a thread of this process; waiting for it could take minutes.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0 if good else 1)
    if not good:
        click.get_current_context().exit(1)


def _run(runner: Runner, once: str | None) -> bool:
    with runner:
        _stop_on_signals(runner)
        if once is not None:
            return runner.once(once)
        runner.start()
        assert runner.web is not None  # noqa: S101 - made by start
        if runner.speed != 1:
            clock = f"{runner.clock.now():%Y-%m-%d %H:%M} UTC"
            runner.report.say(f"The clock shows {clock} and runs {runner.speed:g} times as fast.")
        runner.report.say(f"Page: {runner.web.url}   State: {runner.state_dir}   Stop: Ctrl-C")
        runner.wait()
        runner.report.say("Stopping.")
    return True


def _free_port() -> int:
    """The usual port, or the next one that nobody listens on."""
    from local.loopback import HOST

    for port in range(PORT, PORT + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    return PORT


def _read_settings(path: Path) -> Settings:
    from aftersales.errors import Misconfigured
    from aftersales.settings.load import load_yaml

    try:
        text = path.read_text("utf-8")
    except OSError as exc:
        raise Misconfigured(f"{path} cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise Misconfigured(f"{path} is not UTF-8 text.") from exc
    return load_yaml(text, str(path))


def _stop_on_signals(runner: Runner) -> None:
    def stop(number: int, _frame: FrameType | None) -> None:
        if runner.stopping.is_set():
            # Asked twice: somebody is in a hurry. The engine must not outlive us, though.
            engine = runner.machine.engine
            if engine is not None and engine.pid is not None:
                os.kill(engine.pid, signal.SIGTERM)
            os._exit(128 + number)
        runner.stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
