//! A component, but no plugin: a command-line program. Installing it must fail and say what is missing.

fn main() {
    println!("hello from the wrong world");
}
