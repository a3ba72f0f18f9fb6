"""Versions published while processes run: each rereads the folder of curricula within seconds (S8)."""
