"""Enterprises and the mandates in which advisors accompany them."""
