"""Curricula, held in versioned files: competency frameworks, paths, modules and activities."""
