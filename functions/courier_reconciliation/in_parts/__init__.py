"""A bill that is too large for one function: shared out, checked in parts, and added up."""
