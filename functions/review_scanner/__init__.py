"""Reviews of all shops: judged, answered for, followed until they are settled."""
