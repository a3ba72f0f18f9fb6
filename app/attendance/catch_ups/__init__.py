"""Catch-ups: missed workshops to make up."""
