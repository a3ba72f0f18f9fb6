"""Mappings between two versions of paths: what each activity and competency of the one gives in the other (S8)."""
