"""Checks couriers' bills against what was shipped and what the contract says."""
