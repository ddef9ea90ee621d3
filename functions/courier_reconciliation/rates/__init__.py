"""Rate cards: what a courier may charge by contract. See docs/rate-cards.md for the files."""
