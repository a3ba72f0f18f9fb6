"""The people of a cohort whom letters do not reach: since when, why, and who corrects the address."""
