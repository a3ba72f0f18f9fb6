"""Traces that a team made together: deposited by one of them, read by those whom they name, evidence of each."""
