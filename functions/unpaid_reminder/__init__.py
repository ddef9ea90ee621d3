"""Orders still unpaid -> nudges for agents."""

import aftersales  # noqa: F401 - before all else: it has the collector wait while modules load
