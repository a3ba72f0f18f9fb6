"""The record of a session confirmed by each member it names: one entry is everyone's proof."""
