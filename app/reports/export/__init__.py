"""A report as CSV and XLSX."""
