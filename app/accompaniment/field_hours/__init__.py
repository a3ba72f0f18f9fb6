"""Hours in an enterprise, declared under a mandate and countersigned."""
