//! The type implements nothing.

struct Mine;

mortise_sdk::export_chunker!(Mine);

fn main() {}
