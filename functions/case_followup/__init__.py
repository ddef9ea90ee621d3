"""The clock of open cases: they are followed up until somebody closes them."""
