"""Reviews of all shops: judged, answered for, followed until they are settled."""

import aftersales  # noqa: F401 - before all else: it has the collector wait while modules load
