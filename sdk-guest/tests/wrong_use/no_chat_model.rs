//! A type that is no chat model.

mortise_sdk::export_chat_model!(std::vec::Vec<u8>,);

fn main() {}
