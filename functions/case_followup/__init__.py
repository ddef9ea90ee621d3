"""The clock of open cases: they are followed up until somebody closes them."""

import aftersales  # noqa: F401 - before all else: it has the collector wait while modules load
