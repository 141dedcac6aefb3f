//! What a compiler says to authors who hold the SDK wrongly: every message names the mistake and what to write instead.
//! The expected words are in `wrong_use/*.stderr`; `TRYBUILD=overwrite cargo test -p mortise-sdk --test wrong_use` writes
//! them anew after a change of the compiler.
#![allow(missing_docs, reason = "a test binary")]

#[test]
fn mistakes_are_told_in_words() {
    trybuild::TestCases::new().compile_fail("tests/wrong_use/*.rs");
}
