"""What botocore knows of AWS services, found and read in a fraction of the time.

botocore makes sure that a service exists by looking into the folder of every one of its four
hundred services, twice per client, and reads all that it knows of a service and of every endpoint
there is, though a function calls a handful of operations in one region. In a cold start that is a
sixth of the whole. Both are points that botocore lets one replace: a session's `data_loader` and
that one's file loader. Nothing is copied from botocore, so it is read in whatever version is there.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader

READ_IN_PARTS = ("service-2", "endpoints")
"""Files of which a process needs a few percent: operations and shapes, services of a partition."""

LARGE = 20_000
"""Length in bytes from which a part is itself read in parts."""

# msgspec checks what it steps over, but makes no objects of it: a third of the time, or less.
_Parts = dict[str, msgspec.Raw]
_Outline = dict[str, _Parts | list[_Parts] | str | int | float | bool | None]


class Unread(dict[str, Any]):  # noqa: PLW1641 - no dictionary has a hash
    """A dictionary like any other to those who look at it; a value is decoded when it is asked for.

    It is a `dict` because botocore asks for one where it merges its additions into a model. So the
    ways past `__getitem__` that `dict` has are closed here, one by one.
    """

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if isinstance(value, msgspec.Raw):
            value = self[key] = _decoded(value)
        return value

    def __iter__(self) -> Iterator[str]:
        # That there is one keeps `dict(...)` and `{**...}` from taking the values unread.
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        return self.copy() == other

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def copy(self) -> dict[str, Any]:
        return {key: self[key] for key in self}

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 - this is that get

    def items(self) -> Any:
        return self.copy().items()

    def pop(self, key: str, *default: Any) -> Any:
        self.get(key)
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        key = next(reversed(self))
        return key, self.pop(key)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self.get(key)
        return super().setdefault(key, default)

    def values(self) -> Any:
        return self.copy().values()


def _decoded(value: msgspec.Raw) -> Any:
    content = memoryview(value)
    if len(content) < LARGE or content[0] != ord("{"):
        return msgspec.json.decode(content)
    return Unread(msgspec.json.decode(content, type=_Parts))


def _in_parts(content: bytes) -> Any:
    """The content with its parts unread; all of it read where it is laid out in another way."""
    try:
        outline = msgspec.json.decode(content, type=_Outline)
    except msgspec.ValidationError:
        return msgspec.json.decode(content)
    found: dict[str, Any] = {}
    for name, part in outline.items():
        if isinstance(part, list):
            found[name] = [Unread(entry) for entry in part]
        else:
            found[name] = Unread(part) if isinstance(part, dict) else part
    return found


def _unpacked(content: bytes) -> bytes:
    # `gzip` does this in pieces, in twice the time. The last four bytes say how much it will be.
    return zlib.decompress(content, wbits=31, bufsize=int.from_bytes(content[-4:], "little"))


class _Json(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        """The file's content, packed or not; None where there is no such file."""
        packed, plain = Path(f"{file_path}.json.gz"), Path(f"{file_path}.json")
        if packed.is_file():
            content = _unpacked(packed.read_bytes())
        elif plain.is_file():
            content = plain.read_bytes()
        else:
            return None
        return (_in_parts if plain.stem in READ_IN_PARTS else msgspec.json.decode)(content)


class ServiceModels(Loader):
    """A botocore `Loader` for services that botocore ships."""

    FILE_LOADER_CLASS = _Json

    @cached_property
    def _shipped(self) -> list[str]:
        return sorted(entry.name for entry in os.scandir(self.BUILTIN_DATA_PATH))

    def list_available_services(self, _type_name: str) -> list[str]:
        """The names of all services, whether or not there is a file of that type for each."""
        return self._shipped
