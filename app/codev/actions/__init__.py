"""Action items: what a client decides to try after a consultation, and what became of it at the next session."""
