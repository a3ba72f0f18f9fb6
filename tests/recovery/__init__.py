"""Backups, restores and upgrades, on real databases."""
