"""Tracking sources: one file each, and what they share."""
