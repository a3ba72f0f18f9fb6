"""The portfolio of a person: their evidence by competency, over all their paths, and who judged it on what."""
