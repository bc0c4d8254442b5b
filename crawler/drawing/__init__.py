"""Drawing: pages that only scripts can draw, by a Chromium that is cut off from the network (docs/drawing.md)."""
