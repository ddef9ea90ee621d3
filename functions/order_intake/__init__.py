"""Takes in what the shops say about their orders and parcels."""

import aftersales  # noqa: F401 - before all else: it has the collector wait while modules load
