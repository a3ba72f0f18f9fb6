"""Mandates in enterprises, with their advisors and dated milestones."""
