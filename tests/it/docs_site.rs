//! The documentation of `site.yaml` lists exactly the keys that exist.
