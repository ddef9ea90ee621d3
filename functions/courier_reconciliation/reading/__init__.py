"""Couriers' bills, as they come, into one table of lines. Enter by `bills.read_bills`."""
