"""Shop platforms: one file each, and what they share."""
