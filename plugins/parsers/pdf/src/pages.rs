//! The parser's pages, for hosts that read windows of a file side by side and draw pages.

use crate::window::{Reader, Window};
use crate::{PdfConfig, PdfParser, layout, open, put_together, render};
use mortise_sdk::Result;
use mortise_sdk::document::Rect;
use mortise_sdk::pages::{Pages, Picture};
use mortise_sdk::parser::{File, Output};

impl Pages for PdfParser {
    fn count(file: &File<'_>, _: PdfConfig) -> Result<u32> {
        Ok(open(file.read_all())?.pages().len() as u32)
    }

    fn read(file: &File<'_>, _: PdfConfig, first: u32, count: u32, done: &mut dyn FnMut(u32)) -> Result<Vec<u8>> {
        let pdf = open(file.read_all())?;
        Reader::new(&pdf).window(first, count, |page| done(page.saturating_sub(first))).to_bytes()
    }

    fn compose(file: &File<'_>, config: PdfConfig, windows: Vec<Vec<u8>>, out: &mut Output) -> Result<()> {
        let windows = windows.iter().map(|bytes| Window::from_bytes(bytes)).collect::<Result<Vec<Window>>>()?;
        let pdf = open(file.read_all())?;
        out.pages(pdf.pages().len() as u32);
        put_together(&pdf, config, windows, out);
        Ok(())
    }

    fn render(file: &File<'_>, _: PdfConfig, page: u32, area: Option<Rect>, dpi: f32) -> Result<Picture> {
        let area =
            area.map(|area| layout::Rect { left: area.left, top: area.top, right: area.right, bottom: area.bottom });
        let (media_type, bytes) = render(file.read_all(), page, area, dpi)?.file()?;
        Ok(Picture { media_type: media_type.into(), bytes })
    }
}

mortise_sdk::export_pages!(PdfParser);

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::parser::Parser;

    /// A file of empty pages, each with a line of text.
    fn book(pages: usize) -> Vec<u8> {
        let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
        let mut objects = vec![
            "1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj".to_owned(),
            format!("2 0 obj <</Type/Pages/Count {pages}/Kids[{}]>> endobj", kids.join(" ")),
            "3 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>> endobj".to_owned(),
        ];
        for page in 0..pages {
            let (object, content) = (4 + 2 * page, 5 + 2 * page);
            let text = format!("BT /F 12 Tf 72 700 Td (This is what stands on page {}.) Tj ET", page + 1);
            objects.push(format!(
                "{object} 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>>>\
                 /Contents {content} 0 R>> endobj"
            ));
            objects.push(format!("{content} 0 obj <</Length {}>> stream\n{text}\nendstream endobj", text.len()));
        }
        format!("%PDF-1.4\n{}\ntrailer <</Root 1 0 R>>\n%%EOF", objects.join("\n")).into_bytes()
    }

    #[test]
    fn windows_give_what_the_whole_gives() {
        let bytes = book(23);
        let file = File::from_bytes("a.pdf", "application/pdf", &bytes);
        let mut whole = Output::default();
        PdfParser::parse(&file, PdfConfig::default(), &mut whole).unwrap();
        assert_eq!(PdfParser::count(&file, PdfConfig::default()).unwrap(), 23);
        let mut told = Vec::new();
        let windows = [(0, 10), (10, 10), (20, 10)].map(|(first, count)| {
            PdfParser::read(&file, PdfConfig::default(), first, count, &mut |done| told.push(done)).unwrap()
        });
        assert_eq!(told, [(1..=10).collect::<Vec<u32>>(), (1..=10).collect(), vec![1, 2, 3]].concat());
        let mut composed = Output::default();
        PdfParser::compose(&file, PdfConfig::default(), windows.into(), &mut composed).unwrap();
        let (whole, composed) = (whole.into_kept(), composed.into_kept());
        assert_eq!(format!("{whole:?}"), format!("{composed:?}"));
        assert_eq!(whole.pages, 23);
        assert!(whole.blocks.iter().any(|block| block.text.contains("page 23")), "{:?}", whole.blocks);
        let broken = vec![vec![255; 3]];
        assert!(PdfParser::compose(&file, PdfConfig::default(), broken, &mut Output::default()).is_err());
        let drawn = PdfParser::render(&file, PdfConfig::default(), 2, None, 24.0).unwrap();
        assert!(drawn.media_type == "image/png" && drawn.bytes.starts_with(b"\x89PNG"));
        assert!(PdfParser::render(&file, PdfConfig::default(), 24, None, 24.0).is_err());
    }
}
