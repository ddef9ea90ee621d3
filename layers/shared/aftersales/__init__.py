"""What two or more functions of the after-sales desk use.

Importing this package, or any module in it, defines things and does nothing else: no client is
made, no environment variable is read, no table is touched. One exception: the collector is told to
look for cycles less often, before thousands of classes and service models are made that all stay.
"""

import gc

# With Python's 700 a cold start spends a sixth of its time looking for cycles among them. At its
# end there are up to 65,000 (whoever has an S3 client); one look at so many takes 10 ms.
gc.set_threshold(100_000, 20, 20)
