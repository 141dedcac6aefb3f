//! Groups that say what their text is: font tables, styles, metadata, pictures, notes, margins, and what nobody reads.

use crate::reader::{LARGEST, Reader, State, To, Use};
use mortise_sdk::document::{Block, BlockKind};
use mortise_shared_drawing::picture_type;
use mortise_shared_flow::role;

impl Reader<'_> {
    /// The end of a group in the list of styles: its name says what its paragraphs are.
    pub(crate) fn end_name(&mut self, state: &State) {
        let name = std::mem::take(&mut self.name);
        if state.to == To::Styles
            && let Some(role) = role(&name)
        {
            self.styles.insert(state.properties.style, role);
        } else if state.to == To::Styles
            && let Some(level) = state.properties.outline
        {
            self.styles.insert(state.properties.style, (BlockKind::Heading, level + 1));
        }
    }

    pub(crate) fn end_picture(&mut self) {
        let bytes = std::mem::take(&mut self.picture);
        self.half = None;
        let kind = std::mem::take(&mut self.picture_kind);
        if bytes.is_empty() {
            return;
        }
        if bytes.len() >= LARGEST {
            self.warnings.push("a picture was left out: it is too large".into());
            return;
        }
        let name = format!("picture.{kind}");
        let image = self.out.put_image(picture_type(&name, &bytes), &bytes);
        self.flow().attach(Block { image: Some(image), ..Block::new(0, BlockKind::Figure, "") });
    }

    /// Words that say where the text of their group goes.
    pub(crate) fn destination(&mut self, word: &str) -> bool {
        let to = match word {
            "fonttbl" => To::Fonts,
            "stylesheet" => To::Styles,
            "info" => To::Info,
            "title" | "subject" | "author" | "keywords" | "doccomm" | "operator" | "category" | "company"
                if self.state().to == To::Info =>
            {
                self.name.clear();
                To::Field(match word {
                    "title" => "title",
                    "subject" => "subject",
                    "author" => "author",
                    "keywords" => "keywords",
                    "doccomm" => "description",
                    "operator" => "last_modified_by",
                    "category" => "category",
                    _ => "company",
                })
            }
            "pict" => To::Picture,
            "listtext" | "pntext" => To::Label,
            "footnote" => {
                self.begin_flow(Use::Footnote);
                return true;
            }
            "annotation" => {
                self.begin_flow(Use::Comment);
                return true;
            }
            "header" | "headerl" | "headerr" | "headerf" => {
                self.begin_flow(Use::Header);
                return true;
            }
            "footer" | "footerl" | "footerr" | "footerf" => {
                self.begin_flow(Use::Footer);
                return true;
            }
            "shptxt" => {
                self.begin_flow(Use::TextBox);
                return true;
            }
            // Transparent destinations: what is in them is text.
            // `upr` holds a text twice; its second half, in Unicode, is a destination of its own that is left out.
            "upr" | "shppict" | "shpinst" | "shp" | "shpgrp" | "fldrslt" | "field" => {
                self.state_mut().optional = false;
                return true;
            }
            "fldinst" | "nonshppict" | "shprslt" | "sp" | "colortbl" | "filetbl" | "revtbl" | "listtable"
            | "listoverridetable" | "rsidtbl" | "generator" | "xmlnstbl" | "bkmkstart" | "bkmkend" | "atnid"
            | "atnauthor" | "atnref" | "atndate" | "themedata" | "colorschememapping" | "latentstyles"
            | "datastore" | "objdata" | "objclass" | "objname" | "template" | "mmathPr" | "nonesttables" | "pgptbl"
            | "ftnsep" | "ftnsepc" | "ftncn" | "aftnsep" | "aftnsepc" | "aftncn" | "tc" | "xe" | "pn" | "pnseclvl"
            | "picprop" | "blipuid" | "private" => To::Nowhere,
            "pngblip" => {
                self.picture_kind = "png";
                return true;
            }
            "jpegblip" => {
                self.picture_kind = "jpeg";
                return true;
            }
            "emfblip" => {
                self.picture_kind = "emf";
                return true;
            }
            "wmetafile" => {
                self.picture_kind = "wmf";
                return true;
            }
            // Anything else that may be skipped is.
            _ if std::mem::take(&mut self.state_mut().optional) && !matches!(word, "cs" | "ts") => To::Nowhere,
            _ => return false,
        };
        if to == To::Picture {
            self.picture.clear();
            self.half = None;
        }
        self.state_mut().to = to;
        true
    }
}
