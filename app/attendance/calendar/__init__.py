"""Scheduled sessions of a cohort."""
