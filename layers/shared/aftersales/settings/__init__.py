"""The operator's settings: their shape, their loading, their checks."""
