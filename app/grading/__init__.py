"""Judgement of competencies on evidence."""
