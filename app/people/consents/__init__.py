"""The register of consents: what a person agreed to, in which text, and when they withdrew it."""
