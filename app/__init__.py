"""Escouade: the learning-management backend of Quebec’s digital advisors."""

__version__ = "0.1.0"
