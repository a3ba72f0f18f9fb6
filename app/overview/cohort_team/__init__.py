"""The team of a cohort: who is in it, who joins, who leaves and what that leaves without anybody."""
