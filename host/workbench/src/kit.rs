//! The door to the conformance kit: what a folder says about itself, in the kit's terms.

use crate::{Error, Result, Target, TestSettings, Workbench, cases};
use bytes::Bytes;
use mortise_conformance::{Options, check as conformance};
use mortise_domain::Role;

pub use mortise_conformance::Report;

/// Largest case that goes into the kit as a sample.
const SAMPLE: u64 = 4 << 20;

/// Runs the kit on a component, as its folder wants it. On a workbench that counts fuel it can tell how the work grows
/// with the input; on others only how the time does, which depends on what else the machine is doing.
pub(crate) async fn check(bench: &Workbench, target: &Target, only: Option<&str>) -> Result<Report> {
    let TestSettings { config, http, answer, secrets, models, skip } = target.test_settings();
    let mut options =
        Options { config, http, secrets, models, skip, only: only.map(str::to_owned), ..Options::default() };
    if let Some((folder, manifest)) = &target.folder {
        if let Some(answer) = answer {
            let path = folder.join(answer);
            options.answer = Some(std::fs::read(&path).map_err(Error::file(path))?.into());
        }
        if manifest.role == Role::Parser {
            options.samples = samples(folder)?;
        }
    }
    Ok(conformance(bench.runtime().clone(), target.component.clone(), options).await)
}

/// The inputs of the cases: nobody knows better what files of the format look like.
fn samples(folder: &std::path::Path) -> Result<Vec<(String, Bytes)>> {
    let inputs = cases::find(folder)?.into_iter().filter_map(|case| cases::input(&case).ok());
    let small = inputs.filter(|path| path.metadata().is_ok_and(|metadata| metadata.len() <= SAMPLE));
    let named = small.map(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((name, std::fs::read(&path).map_err(Error::file(path))?.into()))
    });
    named.collect()
}
