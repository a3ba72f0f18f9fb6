"""The register of consents: what someone agreed to, in which words, and when they took it back."""
