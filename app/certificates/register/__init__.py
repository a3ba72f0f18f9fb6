"""The register: certificates listed, searched, read and verified."""
