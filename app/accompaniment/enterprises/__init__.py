"""Enterprises of a college."""
