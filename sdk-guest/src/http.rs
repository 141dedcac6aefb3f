//! Outgoing HTTP for adapters of remote models.
