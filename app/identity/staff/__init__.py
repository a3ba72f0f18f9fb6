"""The roles of a college's staff: who holds them, ending one, giving it back."""
