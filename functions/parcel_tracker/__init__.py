"""Follows every parcel of every shop and finds those that need an agent."""

import aftersales  # noqa: F401 - before all else: it has the collector wait while modules load
