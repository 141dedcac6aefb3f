//! What is asked of every role: a sound description, settings that mean what their schema says, and calls that do not
//! depend on anything but their input.

mod conduct;
mod description;
pub(crate) mod scale;
mod settings;

use crate::check::Check;

pub(crate) const CHECKS: &[&[Check]] = &[description::CHECKS, settings::CHECKS, conduct::CHECKS];
