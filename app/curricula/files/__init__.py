"""Curriculum files: strict YAML, their folder, what is wrong with them, the register of published versions."""
