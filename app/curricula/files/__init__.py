"""Curriculum files: strict YAML, the folder that holds them, their problems, the register of published versions."""
