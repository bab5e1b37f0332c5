//! Plans made from layers of a few lines.
