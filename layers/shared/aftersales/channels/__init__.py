"""Ways to reach agents: one file per channel, and what they share."""
