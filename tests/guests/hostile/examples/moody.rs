//! A chunker that behaves or not, as its settings say: the same plugin must work again in the call after any fault.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Error, Result};

pub struct Moody;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// What to do.
    mood: Mood,
    /// Letters of what it says when it panics or refuses.
    letters: u32,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", rename_all = "snake_case")]
pub enum Mood {
    /// One chunk, as asked.
    #[default]
    Fine,
    /// Never come back.
    Loop,
    /// Allocate until stopped.
    Hoard,
    /// Use up the stack.
    Recurse,
    /// Panic.
    Panic,
    /// End itself.
    Exit,
    /// Reach beyond its memory.
    Stray,
    /// Refuse the document.
    Refuse,
    /// Name a block that does not exist.
    Lie,
}

impl Chunker for Moody {
    type Config = Config;

    fn describe() -> Description {
        Description::new("moody", env!("CARGO_PKG_VERSION"), "Behaves or not")
    }

    fn split(_blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        let words = || "no ".repeat(config.letters as usize / 3);
        let mut chunk = Chunk::text("fine", vec![]);
        match config.mood {
            Mood::Fine => {}
            Mood::Loop => {
                let mut turns = 0_u64;
                loop {
                    turns = std::hint::black_box(turns).wrapping_add(1);
                }
            }
            Mood::Hoard => {
                let mut hoard = Vec::new();
                loop {
                    hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
                }
            }
            Mood::Recurse => chunk.text = deeper(0).to_string(),
            Mood::Panic => panic!("{}", words()),
            Mood::Exit => std::process::exit(3),
            // SAFETY: there is none; the sandbox is what keeps it from harm.
            Mood::Stray => chunk.text = unsafe { std::ptr::read_volatile(0xFFFF_FFF0_usize as *const u8) }.to_string(),
            Mood::Refuse => return Err(Error::InvalidInput(words())),
            Mood::Lie => chunk.blocks.push(u32::MAX),
        }
        Ok(Chunks { chunks: vec![chunk], parents: vec![] })
    }
}

/// The array and its use after the call keep the compiler from making a loop of it.
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if std::hint::black_box(depth) == u64::MAX {
        return depth;
    }
    deeper(depth + 1).wrapping_add(frame[(depth % 64) as usize])
}

mortise_sdk::export_chunker!(Moody);
