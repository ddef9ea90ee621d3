"""Brings every alert of the outbox to its target and keeps on until the target has it."""
