"""The comments that an assessor uses again: their own, which nobody else reads."""
