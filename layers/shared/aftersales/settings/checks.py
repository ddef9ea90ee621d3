"""Small checks that several sections share. Each notes a problem and goes on."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from aftersales.settings.document import Path
from aftersales.settings.secrets import is_reference
from aftersales.settings.shape import Reader, nearest

LANGUAGES = ("zh-CN", "zh-TW", "en")


def check_language(language: str, path: Path, reader: Reader) -> None:
    """Note a language that has no catalogue."""
    if language not in LANGUAGES:
        reader.note(path, f"there is no language {language!r}.", f"Use {', '.join(LANGUAGES)}.")


def check_name(
    name: str,
    known: Collection[str],
    path: Path,
    reader: Reader,
    what: str,
    *,
    at_name: bool = False,
) -> bool:
    """Note a reference to something that does not exist. True where it exists."""
    if name in known:
        return True
    reader.note(path, f"there is no {what} {name!r}.", nearest(name, known), name=at_name)
    return False


def check_reference(reference: str, path: Path, reader: Reader) -> None:
    """Note a secret that is not given by name. The text is not repeated: it may be the secret."""
    if not is_reference(reference):
        reader.note(
            path,
            "a secret stands in this file by name only, and this is no such name.",
            "Write env:NAME, ssm:/path/name or secretsmanager:name#field; "
            "if this was the secret itself, replace it at the vendor.",
        )


def is_local(host: str | None) -> bool:
    """Whether a host's name is that of this machine."""
    return host in {"localhost", "127.0.0.1", "::1"}


def check_url(url: str, path: Path, reader: Reader) -> None:
    """Note what is no web address. Plain http is for this machine only."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
        parts = urlsplit("")
    if not host or port == 0 or re.search(r"\s", url) or parts.scheme not in {"https", "http"}:
        reader.note(path, "this is not a web address.", "It begins with https://.")
    elif parts.scheme == "http" and not is_local(host):
        reader.note(path, "the address is not encrypted.", "Use https://.")
    elif parts.username or parts.password:
        reader.note(path, "the address holds a user name or password.", "Remove it.")


def check_positive(value: float, path: Path, reader: Reader) -> None:
    """Note a number that is not above 0."""
    if value <= 0:
        reader.note(path, "it must be above 0.")
