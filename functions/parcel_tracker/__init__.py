"""Follows every parcel of every shop and finds those that need an agent."""
