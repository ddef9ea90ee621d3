"""What botocore knows of AWS services, found and read in a fraction of the time.

botocore makes sure that a service exists by looking into the folder of every one of its four
hundred services, twice per client, and reads JSON into ordered dictionaries one pair at a time. In
a cold start that is an eighth of the whole. Both are points that botocore lets one replace: a
session's `data_loader` and that one's file loader.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader


class _Json(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        """The file's content, packed or not; None where there is no such file."""
        packed, plain = Path(f"{file_path}.json.gz"), Path(f"{file_path}.json")
        if packed.is_file():
            return msgspec.json.decode(gzip.decompress(packed.read_bytes()))
        if plain.is_file():
            return msgspec.json.decode(plain.read_bytes())
        return None


class ServiceModels(Loader):
    """A botocore `Loader` for services that botocore ships."""

    FILE_LOADER_CLASS = _Json

    def list_available_services(self, _type_name: str) -> list[str]:
        """The names of all services, whether or not there is a file of that type for each."""
        return sorted(entry.name for entry in os.scandir(self.BUILTIN_DATA_PATH))
