//! Components across the wire: a real registry, read and written by other tools' code too, and registries that lie.
#![allow(missing_docs, reason = "a test binary")]

mod components;
mod debian_registry;
mod hostile;
mod real;
mod scripted;
