//! What is in force in each group, and where its text goes.

use crate::charsets::code_page;
use crate::lexer::{Lexer, Token};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::host;
use mortise_sdk::parser::{File, Output};
use mortise_sdk::serde_json::{Map, Value};
use mortise_shared_flow::{Border, Flow, Look, Properties};
use mortise_shared_ole::decode;
use std::collections::BTreeMap;

/// Groups within groups at most; the text of deeper ones stays, their properties are not kept apart.
const DEEPEST: usize = 4_000;
/// A picture is kept up to this size, bytes.
pub(crate) const LARGEST: usize = 16 << 20;

/// Where the text of a group goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Flow,
    Nowhere,
    /// The label of a list item.
    Label,
    Fonts,
    Styles,
    Info,
    Field(&'static str),
    Picture,
}

/// What a flow is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Footnote,
    Header,
    Footer,
    Comment,
    TextBox,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) to: To,
    /// A destination that readers may skip if they do not know it.
    pub(crate) optional: bool,
    pub(crate) flow: Option<Use>,
    pub(crate) look: Look,
    pub(crate) hidden: bool,
    pub(crate) font: i32,
    /// Characters that stand for a Unicode one before them.
    pub(crate) fallback: u32,
    pub(crate) properties: Properties,
}

pub(crate) struct Reader<'o> {
    pub(crate) states: Vec<State>,
    /// Open groups beyond those that have a state.
    pub(crate) deeper: usize,
    pub(crate) flows: Vec<Flow>,
    /// Bytes of text that wait for their last ones.
    pub(crate) bytes: Vec<u8>,
    /// First half of a pair.
    pub(crate) surrogate: Option<u16>,
    pub(crate) skip: u32,
    pub(crate) document_page: u16,
    pub(crate) fonts: BTreeMap<i32, u16>,
    pub(crate) styles: BTreeMap<i32, (BlockKind, u32)>,
    /// Text of a style's or metadata field's name.
    pub(crate) name: String,
    pub(crate) info: Map<String, Value>,
    pub(crate) border: Border,
    pub(crate) picture: Vec<u8>,
    pub(crate) half: Option<u8>,
    pub(crate) picture_kind: &'static str,
    pub(crate) margins: Vec<Block>,
    pub(crate) warnings: Vec<String>,
    pub(crate) out: &'o mut Output,
}

/// Reads a document from `start` on.
pub(crate) fn read(file: &File<'_>, start: u64, out: &mut Output) {
    let state = State {
        to: To::Flow,
        optional: false,
        flow: None,
        look: Look { size: 24, ..Look::default() },
        hidden: false,
        font: 0,
        fallback: 1,
        properties: Properties::default(),
    };
    let mut reader = Reader {
        states: vec![state],
        deeper: 0,
        flows: vec![Flow::default()],
        bytes: Vec::new(),
        surrogate: None,
        skip: 0,
        document_page: 1252,
        fonts: BTreeMap::new(),
        styles: BTreeMap::new(),
        name: String::new(),
        info: Map::new(),
        border: Border::default(),
        picture: Vec::new(),
        half: None,
        picture_kind: "",
        margins: Vec::new(),
        warnings: Vec::new(),
        out,
    };
    let mut lexer = Lexer::new(file, start);
    let mut told = start;
    let mut depth = 0u64;
    while let Some(token) = lexer.next() {
        depth = match token {
            Token::Open => depth + 1,
            Token::Close => depth.saturating_sub(1),
            _ => depth,
        };
        reader.token(token, &lexer);
        // What follows the last group is padding.
        if depth == 0 {
            break;
        }
        if lexer.position() - told > 1 << 20 {
            told = lexer.position();
            host::progress(told as f32 / file.size().max(1) as f32, "reading text");
        }
    }
    if depth > 0 {
        reader.warnings.push("the file is cut short".into());
    }
    reader.finish();
}

impl Reader<'_> {
    fn finish(mut self) {
        while self.states.len() > 1 {
            self.close();
        }
        self.flush_bytes();
        let properties = self.state().properties.clone();
        let role = self.role(&properties);
        if let Some(flow) = self.flows.first_mut() {
            flow.finish(&properties, role);
        }
        self.drain();
        let mut seen = std::collections::BTreeSet::new();
        for block in std::mem::take(&mut self.margins) {
            if seen.insert((block.kind == BlockKind::PageHeader, block.text.clone())) {
                self.out.emit(block);
            }
        }
        self.out.metadata(&Value::Object(std::mem::take(&mut self.info)));
        for warning in &self.warnings {
            self.out.warn(None, warning);
        }
    }

    /// Hands the finished blocks of the body on.
    fn drain(&mut self) {
        if let Some(flow) = self.flows.first_mut() {
            flow.emit(self.out);
        }
    }

    pub(crate) fn state(&self) -> &State {
        // There is always one: the last is never popped.
        &self.states[self.states.len() - 1]
    }

    pub(crate) fn state_mut(&mut self) -> &mut State {
        let last = self.states.len() - 1;
        &mut self.states[last]
    }

    pub(crate) fn flow(&mut self) -> &mut Flow {
        let last = self.flows.len() - 1;
        &mut self.flows[last]
    }

    fn role(&self, properties: &Properties) -> Option<(BlockKind, u32)> {
        self.styles.get(&properties.style).copied()
    }

    fn token(&mut self, token: Token, lexer: &Lexer<'_>) {
        match token {
            Token::Byte { byte, escaped } => {
                if self.skip > 0 && (escaped || self.state().to != To::Picture) {
                    self.skip -= 1;
                    return;
                }
                self.byte(byte, escaped);
            }
            Token::Binary(from, length) => {
                self.skip = 0;
                if self.state().to == To::Picture && (length as usize) <= LARGEST {
                    self.picture = lexer.bytes(from, length as u32);
                }
            }
            Token::Open => {
                self.flush_bytes();
                self.skip = 0;
                if self.states.len() >= DEEPEST {
                    self.deeper += 1;
                    return;
                }
                let state = State { optional: false, flow: None, ..self.state().clone() };
                self.states.push(state);
            }
            Token::Close => {
                self.flush_bytes();
                self.skip = 0;
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else if self.states.len() > 1 {
                    self.close();
                }
            }
            Token::Symbol(symbol) => {
                if symbol != b'*' {
                    self.flush_bytes();
                }
                match symbol {
                    b'*' => self.state_mut().optional = true,
                    b'~' => self.text("\u{A0}"),
                    b'_' => self.text("-"),
                    _ => {}
                }
            }
            Token::Word(word, number) => {
                if self.skip > 0 && word != "u" {
                    self.skip = 0;
                }
                if word != "u" {
                    self.flush_bytes();
                }
                self.word(&word, number);
            }
        }
    }

    fn byte(&mut self, byte: u8, escaped: bool) {
        match self.state().to {
            To::Nowhere => {}
            To::Picture => {
                let Some(digit) = char::from(byte).to_digit(16).filter(|_| !escaped) else { return };
                match self.half.take() {
                    Some(high) if self.picture.len() < LARGEST => self.picture.push(high << 4 | digit as u8),
                    Some(_) => {}
                    None => self.half = Some(digit as u8),
                }
            }
            _ => {
                self.end_pair();
                self.bytes.push(byte);
                if self.bytes.len() > 4_096 && byte == b' ' {
                    self.flush_bytes();
                }
            }
        }
    }

    fn flush_bytes(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let font = self.state().font;
        let page = self.fonts.get(&font).copied().unwrap_or(self.document_page);
        let text = if bytes.is_ascii() { String::from_utf8_lossy(&bytes).into_owned() } else { decode(&bytes, page) };
        self.text(&text);
    }

    fn end_pair(&mut self) {
        if self.surrogate.take().is_some() {
            self.text("\u{FFFD}");
        }
    }

    fn text(&mut self, text: &str) {
        let state = self.state();
        let (to, look, hidden) = (state.to, state.look, state.hidden);
        match to {
            To::Flow if !hidden => {
                self.flow().push(text, look);
                if self.flow().is_full() {
                    self.paragraph();
                }
            }
            To::Label if !hidden => self.flow().label(text),
            To::Fonts | To::Styles | To::Field(_) if self.name.len() < 4_096 => self.name.push_str(text),
            _ => {}
        }
    }

    fn unicode(&mut self, number: i32) {
        let unit = number as u16;
        let c = match (self.surrogate.take(), unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                char::decode_utf16([high, unit]).next().and_then(Result::ok).unwrap_or('\u{FFFD}')
            }
            (_, 0xD800..=0xDBFF) => {
                self.surrogate = Some(unit);
                self.skip = self.state().fallback;
                return;
            }
            // Symbol fonts have private codes.
            (_, 0xF020..=0xF0FF) => {
                if unit == 0xF0B7 {
                    '•'
                } else {
                    char::from((unit - 0xF000) as u8)
                }
            }
            _ => char::from_u32(u32::from(unit)).unwrap_or('\u{FFFD}'),
        };
        self.flush_bytes();
        self.text(c.encode_utf8(&mut [0; 4]));
        self.skip = self.state().fallback;
    }

    fn paragraph(&mut self) {
        let properties = self.state().properties.clone();
        let role = self.role(&properties);
        self.flow().paragraph(&properties, role);
        if self.flows.len() == 1 {
            self.drain();
        }
    }

    fn close(&mut self) {
        let Some(state) = self.states.pop() else { return };
        let changed = self.state().to != state.to;
        match state.to {
            To::Fonts | To::Styles => self.end_name(&state),
            To::Field(key) if changed => {
                let value = std::mem::take(&mut self.name);
                if !value.trim().is_empty() {
                    self.info.insert(key.into(), value.trim().into());
                }
            }
            To::Picture if changed => self.end_picture(),
            _ => {}
        }
        let Some(used) = state.flow else { return };
        let Some(mut flow) = (self.flows.len() > 1).then(|| self.flows.pop()).flatten() else { return };
        let role = self.role(&state.properties);
        flow.finish(&state.properties, role);
        let joined = || {
            let texts: Vec<&str> = flow.blocks.iter().map(|b| b.text.as_str()).filter(|t| !t.is_empty()).collect();
            texts.join("\n")
        };
        let kind = match used {
            Use::Footnote => BlockKind::Footnote,
            Use::Comment => BlockKind::Note,
            Use::Header => BlockKind::PageHeader,
            Use::Footer => BlockKind::PageFooter,
            Use::TextBox => {
                for block in flow.blocks {
                    self.flow().attach(block);
                }
                return;
            }
        };
        let text = joined();
        if text.is_empty() {
            return;
        }
        let block = Block::new(0, kind, text);
        match used {
            Use::Header | Use::Footer => self.margins.push(block),
            _ => self.flow().attach(block),
        }
    }

    pub(crate) fn begin_flow(&mut self, used: Use) {
        self.flows.push(Flow::default());
        let state = self.state_mut();
        state.flow = Some(used);
        state.to = To::Flow;
        state.properties = Properties::default();
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        let on = number != Some(0);
        if self.state().to == To::Nowhere {
            return;
        }
        if self.destination(word) {
            return;
        }
        let value = number.unwrap_or(0);
        match word {
            "u" => self.unicode(value),
            "uc" => self.state_mut().fallback = value.clamp(0, 16) as u32,
            "ansicpg" => self.document_page = value.clamp(0, 65_535) as u16,
            "mac" => self.document_page = 10000,
            "f" => self.state_mut().font = value,
            "fcharset" if self.state().to == To::Fonts => {
                let font = self.state().font;
                self.fonts.extend(code_page(value).map(|page| (font, page)));
            }
            "cpg" if self.state().to == To::Fonts => {
                let font = self.state().font;
                self.fonts.insert(font, value.clamp(0, 65_535) as u16);
            }
            "par" | "sect" => self.paragraph(),
            "line" | "softline" => self.text("\n"),
            "tab" => self.text("\t"),
            "emdash" => self.text("—"),
            "endash" => self.text("–"),
            "bullet" => self.text("•"),
            "lquote" => self.text("‘"),
            "rquote" => self.text("’"),
            "ldblquote" => self.text("“"),
            "rdblquote" => self.text("”"),
            "emspace" | "enspace" | "qmspace" => self.text(" "),
            "plain" => {
                let state = self.state_mut();
                (state.look, state.hidden) = (Look { size: 24, ..Look::default() }, false);
            }
            "b" => self.state_mut().look.bold = on,
            "i" => self.state_mut().look.italic = on,
            "fs" => self.state_mut().look.size = value.clamp(0, 4_000),
            "v" | "deleted" => self.state_mut().hidden = on,
            "pard" => self.state_mut().properties = Properties::default(),
            "s" => self.state_mut().properties.style = value,
            "outlinelevel" => self.state_mut().properties.outline = u32::try_from(value).ok().filter(|l| *l < 9),
            "ls" => self.state_mut().properties.listed = value > 0,
            "ilvl" => self.state_mut().properties.list_level = value.clamp(0, 8) as u32,
            "intbl" => self.state_mut().properties.in_table = true,
            "itap" => self.state_mut().properties.nesting = value,
            _ => self.table_word(word, number),
        }
    }

    fn table_word(&mut self, word: &str, number: Option<i32>) {
        let properties = self.state().properties.clone();
        match word {
            "cell" => self.flow().cell(&properties),
            "row" => {
                self.flow().end_row();
                if self.flows.len() == 1 {
                    self.drain();
                }
            }
            "nestcell" => self.flow().nested(&properties, false),
            "nestrow" => self.flow().nested(&properties, true),
            "trowd" => {
                self.border = Border::default();
                let row = &mut self.flow().row;
                (row.borders, row.header) = (Vec::new(), false);
            }
            "trhdr" => self.flow().row.header = true,
            "clmrg" => self.border.left_on = true,
            "clvmrg" => self.border.up_on = true,
            "cellx" => {
                let border = Border { right: number.unwrap_or(0), ..std::mem::take(&mut self.border) };
                let row = &mut self.flow().row;
                if row.borders.len() < 1_000 {
                    row.borders.push(border);
                }
            }
            _ => {}
        }
    }
}
