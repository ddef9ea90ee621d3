"""Checks couriers' bills against what was shipped and what the contract says."""

import aftersales  # noqa: F401 - before all else: it has the collector wait while modules load
