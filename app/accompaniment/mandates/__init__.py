"""Mandates: their advisors and their dated milestones."""
