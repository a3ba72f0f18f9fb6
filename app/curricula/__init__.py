"""Curricula as files with versions: frameworks, paths, modules, activities; read, checked, published, compared."""
