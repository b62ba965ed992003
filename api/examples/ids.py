"""Ids that the examples share."""

from __future__ import annotations

ID = "01a20ab3-db55-75c0-a691-8e55d6a7c130"
OTHER = "01a20ab4-0c1e-7a02-8f51-2d6f3d1c9b77"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
TICKET = "kXl0cRr0YqTtA6uCq0k8uUO7hZ3nT5v2wJ9mE1sB4dI"
