//! A type that is no reranker.

mortise_sdk::export_reranker!(String);

fn main() {}
