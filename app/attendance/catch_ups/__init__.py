"""Missed workshops to make up."""
