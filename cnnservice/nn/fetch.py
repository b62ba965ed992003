"""Fetch a full data set through Keras' own loader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
