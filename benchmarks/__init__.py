"""Measurements of what the project promises: one command each, one JSON object out."""
