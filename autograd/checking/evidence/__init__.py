"""Evidence about a derivative: high precision, differences, rounding errors."""
