//! What Office documents of all kinds draw in the same way: charts, diagrams (SmartArt), pictures.
//!
//! [`chart`] reads a chart as its title and the table behind it, [`diagram`] the texts of a diagram, and [`Pictures`] keeps
//! every picture once.

mod chart;
mod diagram;
mod pictures;

pub use chart::{Chart, chart};
pub use diagram::diagram;
pub use pictures::{Pictures, picture_type};
