"""Attestations of an employer's people, by consent."""
