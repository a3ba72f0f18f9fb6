"""Enterprises that a college accompanies."""
