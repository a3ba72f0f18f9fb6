"""Recognition of prior learning: a dossier of claims, each judged by a specialist and decided by a registrar (S9)."""
