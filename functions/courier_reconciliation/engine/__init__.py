"""Bills, shipments and a rate card, compared: in bulk, and what disagrees one by one."""
