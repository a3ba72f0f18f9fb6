"""Judgements of competencies on evidence, and the queue of hand-ins to judge."""
