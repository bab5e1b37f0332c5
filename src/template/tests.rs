//! Values of every kind, written and refused.
