"""Documents: PDF, the render pool, signatures, spreadsheets, verifiable credentials, the blob store."""
