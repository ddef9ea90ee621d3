"""What people get of a reconciliation: a workbook, lists, claims, and the answer as JSON."""
