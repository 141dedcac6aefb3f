//! What is asked of parsers.

mod damage;
mod sample;
mod scale;
mod script;
mod structure;

use crate::check::{Check, Verdict, ensure, skip};
use crate::subject::{Installed, Subject};
use mortise_domain::block::Parsed;
use mortise_domain::role::CallContext;
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, PluginFault};
use sample::Sample;
pub(crate) use structure::is_language;

pub(crate) const CHECKS: &[&[Check]] = &[structure::CHECKS, damage::CHECKS, script::CHECKS, scale::CHECKS];

pub(crate) async fn attempt(installed: &Installed<'_>) -> Verdict<Result<String, PluginFault>> {
    let samples = samples(installed.subject)?;
    let mut told = String::new();
    for sample in samples.into_iter().take(3) {
        match call(installed, sample.file(), CallContext::default()).await? {
            Ok(parsed) => {
                ensure!(!text(&parsed).trim().is_empty(), "{} gives no text", sample.name);
                told.push_str(&format!("{parsed:?}"));
            }
            Err(fault) => return Ok(Err(fault)),
        }
    }
    Ok(Ok(told))
}

async fn call(
    installed: &Installed<'_>,
    file: SourceFile,
    context: CallContext,
) -> Verdict<Result<Parsed, PluginFault>> {
    Ok(installed.parser()?.parse(file, &JsonMap::new(), context).await)
}

/// What a file becomes with the author's settings.
async fn parse(subject: &Subject, file: SourceFile) -> Verdict<Parsed> {
    Ok(call(&subject.installed().await?, file, CallContext::default()).await??)
}

/// Files that the parser should be able to read.
fn samples(subject: &Subject) -> Verdict<Vec<Sample>> {
    let samples = Sample::all(subject);
    if samples.is_empty() {
        let kinds = subject.info.extensions.join(", ");
        skip!("no sample: the kit has none of {kinds}; give the author's")
    }
    Ok(samples)
}

/// All text of a parsed file.
fn text(parsed: &Parsed) -> String {
    parsed.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n")
}
