//! Documents, and what their script does.
