"""Progress reports, from one read model shown as a page, JSON, CSV and XLSX, and a project's indicators."""
