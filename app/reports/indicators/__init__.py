"""The funder's indicators: aggregated, small counts masked."""
