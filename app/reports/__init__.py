"""Reports that reconcile: one model, rendered as a page, JSON, CSV and XLSX."""
