//! A type that is no embedder, exported from a module.

struct Mine;

mod model {
    mortise_sdk::export_embedder!(super::Mine);
}

fn main() {}
