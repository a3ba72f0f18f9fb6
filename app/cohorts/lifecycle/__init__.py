"""The life of a cohort: its moves from draft to archived, each with its conditions, consequences and history."""
