"""The calendar of a cohort: its scheduled sessions."""
