"""Drafts of judgements: what an assessor wrote so far, read by them alone, removed once it is validated."""
