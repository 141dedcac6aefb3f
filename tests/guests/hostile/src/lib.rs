//! Components that misbehave on purpose, one in every file of `examples/`. Each does one wrong thing and is otherwise
//! as plain as can be, so that a test that fails points at one cause. This library is empty: cargo wants one.
