"""Takes in what the shops say about their orders and parcels."""
