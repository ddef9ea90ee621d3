"""The `aftersales` command."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from aftersales.errors import AftersalesError
from local.commands import COMMANDS, LazyCommand

FAILED, REFUSED = 1, 2


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` stays fast."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._lazy:
            lazy = self._lazy[cmd_name]
            command: click.Command = getattr(importlib.import_module(lazy.module), lazy.attribute)
            return command
        return super().get_command(ctx, cmd_name)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self._lazy[name].help) for name in sorted(self._lazy)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aftersales")
def aftersales() -> None:
    """The after-sales desk of your shops: watches parcels, opens cases, tells the right agent."""


def main() -> NoReturn:
    """Run the command; a known failure is one line and exit code 2."""
    try:
        # Without its standalone mode click hands back the code of `ctx.exit`.
        code = aftersales(standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except AftersalesError as exc:
        click.echo(f"aftersales: {exc}", err=True)
        sys.exit(REFUSED)
    except BrokenPipeError:
        # The reader of a pipe (`head`) has had enough.
        sys.stderr.close()
        sys.exit(FAILED)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
