"""Orders still unpaid -> nudges for agents."""
