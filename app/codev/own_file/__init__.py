"""One's own part in codevelopment, to attest to a professional order: dates, roles and minutes; no content (BR-11)."""
