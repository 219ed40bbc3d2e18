"""LearnFlow's backend: one folder a function, and what they share."""

import gc

# Imports make objects that stay. Collecting every 700 of them, as is the default, is a tenth of a cold start.
gc.set_threshold(50_000, 20, 100)
