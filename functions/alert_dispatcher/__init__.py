"""Brings every alert of the outbox to its target and keeps on until the target has it."""

import aftersales  # noqa: F401 - before all else: it has the collector wait while modules load
