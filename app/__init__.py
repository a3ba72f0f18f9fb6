"""Escouade: the learning-management backend of Quebec’s digital advisors."""

import gc

__version__ = "0.1.0"

# Importing the application makes half a million objects that live as long as the process: the default threshold
# walks them again and again (a third of the start-up's CPU, `make bench`).
gc.set_threshold(100_000, 20, 100)
