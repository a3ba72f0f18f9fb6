"""Corrections of the directory that anyone of the network proposes, and whoever keeps the entry up decides on."""
