"""Bills, shipments and a rate card, compared: a million lines in bulk, what disagrees one by one."""
