"""Changes of legal name, with who saw the proof."""
