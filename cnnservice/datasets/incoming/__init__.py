"""Uploaded files that become data sets."""
