"""What two or more functions of the after-sales desk use.

Importing this package, or any module in it, defines things and does nothing else: no client is
made, no environment variable is read, no table is touched.
"""
