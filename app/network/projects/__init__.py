"""Projects as the administrator keeps them: the list, changes, targets in total and by region."""
