"""Where the functions' own log lines go: a file, so that the terminal stays readable.

Loggers take hold of the standard output when they are made and keep it, so there is one writer for
the life of the process; it writes to the file that is current, or to the terminal without one.
"""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

LIMIT_BYTES = 20 * 1024 * 1024
FILE = "functions.log"


class _Writer(io.TextIOBase):
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._file: TextIO | None = None

    def use(self, path: Path | None) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._path = path
            self._file = None if path is None else path.open("a", encoding="utf-8")

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            if self._file is None or self._path is None:
                return (sys.__stdout__ or sys.stderr).write(text)
            if self._file.tell() > LIMIT_BYTES:
                self._file.close()
                self._path.replace(self._path.with_suffix(".log.1"))
                self._file = self._path.open("a", encoding="utf-8")
            written = self._file.write(text)
            self._file.flush()
            return written


_writer = _Writer()


@contextlib.contextmanager
def captured(folder: Path) -> Iterator[Path]:
    """Send standard output to `<folder>/functions.log` (and one older file of 20 MB)."""
    path = folder / FILE
    _writer.use(path)
    try:
        with contextlib.redirect_stdout(_writer):
            yield path
    finally:
        _writer.use(None)
