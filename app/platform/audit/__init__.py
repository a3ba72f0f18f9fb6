"""The audit record: what was written, what was looked at, what was refused, chained; and what is kept on people."""
