"""Logs, metrics, checks and traces."""
