"""A project's indicators for its funder: aggregates, with small counts masked."""
