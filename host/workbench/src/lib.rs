//! What an author of plugins works with: a folder that builds at once, cases with golden files, a look at what a
//! component does to a file, what that costs, and what it is.
//!
//! | file | answers |
//! |---|---|
//! | `scaffold`, `name` | what is in a new plugin's folder? |
//! | `folder`, `builder` | where is the component, and how is it made? |
//! | `c_component` | what does C need beyond a compiler? |
//! | `workbench`, `call`, `input` | how is a component run on a file, as the server would run it? |
//! | `cases`, `upstream`, `compare`, `form/` | does it give what its author expects? |
//! | `kit`, `trial` | does it keep the contract? |
//! | `show`, `measure`, `sheet`, `paint` | how do people and machines read the result? |
//!
//! Nothing here reads flags or the environment; the binary does, and hands in what it read.

mod builder;
mod c_component;
mod call;
mod cases;
mod compare;
mod error;
mod folder;
mod form;
mod input;
mod kit;
mod measure;
mod name;
mod paint;
mod scaffold;
mod sheet;
mod show;
mod trial;
mod upstream;
mod workbench;

pub use builder::build;
pub use c_component::{CComponentError, bindings, componentize, write_contract};
pub use error::{Error, Result};
pub use folder::{Build, Manifest, Target, TestSettings};
pub use kit::Report;
pub use measure::{Measured, measure};
pub use name::PluginName;
pub use paint::Paint;
pub use scaffold::{Language, New, languages, scaffold};
pub use sheet::{sheet, sheet_json};
pub use show::run;
pub use trial::{Verdict, test};
pub use workbench::{Access, Job, Plugin, Workbench};
