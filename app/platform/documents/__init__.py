"""Files: PDF, the render pool, spreadsheets, the blob store, signatures and verifiable credentials."""
