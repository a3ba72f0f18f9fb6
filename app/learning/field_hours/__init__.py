"""Hours in an enterprise, declared and countersigned."""
