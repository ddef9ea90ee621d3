"""One module per table: the item, and the few operations allowed on it."""
