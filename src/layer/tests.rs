//! Layers read from a few lines of text.
