"""Reading what others tell in windows of time, without gaps."""
