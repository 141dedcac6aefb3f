//! The store through its public face, on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests, and the helpers that they share"
)]

mod blobs; // stored bytes: once each, durable, swept
mod changes; // the change sequence: replaying it gives the state of the tables
mod chats; // assistants and sessions
mod chunks; // reading, adding and editing by hand, counters
mod concurrency; // many callers at once, counters exact
mod datasets; // names, lists, changes, deletion
mod documents; // names, lists, conditions, changes, deletion
mod fixture; // a store in a temporary folder, and things to put into it
mod isolation; // two tenants never see each other
mod opening; // one process at a time, nothing lost by closing
mod tasks; // leases, retries, progress, publishing
