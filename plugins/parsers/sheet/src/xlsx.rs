//! Office Open XML workbooks: which sheets there are, and each of them in turn.

mod extras;
mod hints;
mod rows;
mod strings;
mod styles;

use crate::{MOST_SHEETS, Settings};
use mortise_sdk::document::Place;
use mortise_sdk::parser::Output;
use mortise_shared_grid::{Calendar, Hints, Writer};
use mortise_shared_packed::{Error, Namespace, Package, Token, core_properties};
use strings::Strings;
use styles::Styles;

struct Workbook {
    calendar: Calendar,
    sheets: Vec<Named>,
}

struct Named {
    name: String,
    link: String,
    hidden: bool,
}

/// What all sheets of a workbook share.
pub(crate) struct Shared<'a, 'f> {
    pub(crate) package: &'a Package<'f>,
    pub(crate) strings: Strings,
    pub(crate) styles: Styles,
    pub(crate) calendar: Calendar,
    pub(crate) pictures: extras::Pictures,
    /// What the tables of the sheets so far have cost.
    pub(crate) spent: u64,
    pub(crate) progress: crate::Rising,
}

pub(crate) fn parse(package: &Package<'_>, config: &Settings, out: &mut Output) -> Result<(), Error> {
    let main = match package.main_part() {
        Ok(part) => part,
        Err(Error::MissingPart(_)) if package.contains("xl/workbook.xml") => "xl/workbook.xml".into(),
        Err(error) => return Err(error),
    };
    let workbook = workbook(package, &main)?;
    let links = package.relationships(&main)?;
    let part_of =
        |kind: &str, usual: &str| links.of_kind(kind).next().map_or_else(|| usual.to_string(), |r| r.target.clone());
    let mut warnings = Vec::new();
    let strings = Strings::read(package, &part_of("sharedStrings", "xl/sharedStrings.xml"), &mut warnings)?;
    let styles = Styles::read(package, &part_of("styles", "xl/styles.xml"))?;
    let mut shared = Shared {
        package,
        strings,
        styles,
        calendar: workbook.calendar,
        pictures: extras::Pictures::default(),
        spent: 0,
        progress: crate::Rising::new(workbook.sheets.len()),
    };
    for warning in warnings {
        out.warn(None, &warning);
    }
    out.metadata(&core_properties(package)?.into());
    out.pages(workbook.sheets.len() as u32);
    let mut read = false;
    let mut failed = None;
    for (index, sheet) in workbook.sheets.into_iter().enumerate() {
        let page = index as u32 + 1;
        if sheet.hidden && !config.hidden_sheets {
            continue;
        }
        shared.progress.sheet(index, &sheet.name);
        let Some(link) = links.get(&sheet.link).filter(|l| !l.external) else {
            out.warn(Some(Place { page, rect: None }), &format!("the sheet {} is missing", sheet.name));
            continue;
        };
        // Sheets of charts and macros have drawings at most.
        let part = out.start_part(&sheet.name, "application/vnd.ms-excel");
        match one_sheet(&mut shared, &link.target, &link.kind, part, page, out) {
            Ok(()) => read = true,
            Err(error) if error.is_hostile() => return Err(error),
            Err(error) => {
                out.warn(Some(Place { page, rect: None }), &format!("sheet {}: {error}", sheet.name));
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if !read => Err(error),
        _ => Ok(()),
    }
}

fn one_sheet(
    shared: &mut Shared<'_, '_>,
    target: &str,
    kind: &str,
    part: u32,
    page: u32,
    out: &mut Output,
) -> Result<(), Error> {
    let place = || Some(Place { page, rect: None });
    if kind == "worksheet" {
        let hints = hints::read(shared.package, target)?;
        let header = Hints { spent: shared.spent, ..hints.header };
        let mut writer = Writer::new(part, page, header, hints.merges);
        // What was read before damage stays.
        let result = rows::read(shared, target, &mut writer, out);
        let written = writer.finish(out);
        shared.spent = written.spent;
        written.warnings().for_each(|warning| out.warn(place(), &warning));
        match result {
            Ok(told) => told.iter().for_each(|warning| out.warn(place(), warning)),
            Err(error) if error.is_hostile() || written.rows == 0 => return Err(error),
            Err(error) => out.warn(place(), &format!("{error}; the rows after it were left out")),
        }
    }
    extras::read(shared, target, part, page, out)
}

fn workbook(package: &Package<'_>, main: &str) -> Result<Workbook, Error> {
    let mut xml = package.xml(main)?;
    xml.expect_root(Namespace::Spreadsheet, "a spreadsheet")?;
    let mut book = Workbook { calendar: Calendar::From1900, sheets: Vec::new() };
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) if tag.namespace() == Namespace::Spreadsheet => match tag.name() {
                "workbookPr" if tag.attr("date1904").is_some_and(|v| v == "1" || v == "true") => {
                    book.calendar = Calendar::From1904;
                }
                "sheet" if book.sheets.len() < MOST_SHEETS => book.sheets.push(Named {
                    name: tag.attr("name").unwrap_or_default(),
                    link: tag.prefixed("id").unwrap_or_default(),
                    hidden: tag.attr("state").is_some_and(|s| s != "visible"),
                }),
                _ => {}
            },
            Ok(Some(_)) => {}
            Err(error) if error.is_hostile() || book.sheets.is_empty() => return Err(error),
            Ok(None) | Err(_) => return Ok(book),
        }
    }
}
