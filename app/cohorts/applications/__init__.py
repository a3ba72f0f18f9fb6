"""Applications: what people declared, where each stands, and what its author may do with it."""
