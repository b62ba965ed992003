"""Architectures that ship, a file each; `registry` lists them."""

from cnnservice.specs.presets.registry import PRESETS, Preset, UnknownPreset, preset

__all__ = ["PRESETS", "Preset", "UnknownPreset", "preset"]
