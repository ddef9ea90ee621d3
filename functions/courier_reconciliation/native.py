"""What is used of DuckDB, from its native module.

The package around it adds an interface for building queries, of which nothing is used here; to
import it takes longer than to load the engine. Import this where a database is opened, not above.
"""

from __future__ import annotations

from _duckdb import ConversionException, Error, connect

__all__ = ["ConversionException", "Error", "connect"]
