"""All the cohorts of a college for its coordinator: seats, people at risk, next sessions, decisions that wait."""
