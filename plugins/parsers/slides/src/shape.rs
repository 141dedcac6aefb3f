//! What stands on a slide, whatever the format.

use mortise_sdk::document::{Block, Rect};

/// What a placeholder is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing special.
    #[default]
    Text,
    Title,
    /// Paragraphs of its kind are list items.
    Body,
    Header,
    Footer,
    Number,
}

/// A paragraph of a shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Paragraph {
    pub(crate) text: String,
    /// From 0.
    pub(crate) level: u32,
    /// It says itself whether it has a bullet.
    pub(crate) bullet: Option<bool>,
}

/// What a shape holds.
#[derive(Debug)]
pub(crate) enum Content {
    Text(Vec<Paragraph>),
    /// A table, a chart's data, a picture: blocks of their own, whose place is that of the shape.
    Blocks(Vec<Block>),
    Group(Vec<Shape>),
}

/// One thing on a slide.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) rect: Option<Rect>,
    pub(crate) role: Role,
    pub(crate) content: Content,
}
