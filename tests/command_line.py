"""Running the `aftersales` command in this process, as its entry point runs it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

from click.testing import CliRunner

from local import cli


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """All of standard output as one JSON document."""
        return json.loads(self.out)


class _Program:
    """What click's runner calls; the real entry point reads its arguments from `sys.argv`."""

    name = "aftersales"

    def main(self, args: list[str], **_: Any) -> None:
        with mock.patch.object(sys, "argv", ["aftersales", *args]):
            cli.main()


def aftersales(*args: object, stdin: bytes = b"", env: dict[str, str] | None = None) -> Ran:
    """Run the command. A crash is raised here, so that no test takes it for an error message."""
    done = CliRunner().invoke(
        _Program(),  # type: ignore[arg-type]
        [str(arg) for arg in args],
        input=stdin,
        env=env,
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)
