//! Bodies → blocks: plain text with its quotes and signature, and HTML.

use mortise_sdk::document::{Block, BlockKind};
use mortise_shared_html::{Options, Page, read_with};

/// The body of an HTML mail. `forwards`: the mail passes another one on, which therefore is no quotation.
pub(crate) fn html(html: &str, forwards: bool) -> Page {
    let mut page = read_with(html, Options { title: false, pictures: true, whole: true, ..Options::default() });
    mark_earlier(&mut page.blocks, forwards);
    page
}

/// The body of a plain text mail: a block for each run of lines between blank ones. `flowed` and `joined` are the
/// parameters of RFC 3676 (`format=flowed`, `delsp=yes`); `forwards` as for [`html`].
pub(crate) fn plain(text: &str, flowed: bool, joined: bool, forwards: bool) -> Vec<Block> {
    let mut writer = Writer::default();
    for line in text.lines() {
        let (depth, line) = quote_depth(line, flowed);
        // Flowed text has a blank before what looks like a quote.
        let line = if flowed { line.strip_prefix(' ').unwrap_or(line) } else { line };
        let is_signature = depth == 0 && matches!(line, "-- " | "--");
        let soft = flowed && !is_signature && line.ends_with(' ');
        let line = if soft && joined { &line[..line.len() - 1] } else { line };
        if depth != writer.depth {
            writer.flush();
            writer.depth = depth;
        }
        if is_signature {
            writer.flush();
            writer.put(BlockKind::Separator, String::new());
        } else if line.trim().is_empty() {
            writer.flush();
        } else if depth == 0 && is_reply_mark(line) {
            writer.flush();
            writer.put(BlockKind::Paragraph, line.trim().into());
        } else {
            writer.line(if soft { line } else { line.trim_end() }, soft);
        }
    }
    writer.flush();
    mark_earlier(&mut writer.blocks, forwards);
    writer.blocks
}

/// Makes quotations of what stands below the mark or the header of an earlier mail.
fn mark_earlier(blocks: &mut [Block], forwards: bool) {
    if forwards {
        return;
    }
    let is_mark = |block: &Block| {
        block.kind == BlockKind::Paragraph
            && (block.text.lines().next().is_some_and(is_reply_mark) || is_reply_header(&block.text))
    };
    let Some(at) = blocks.iter().position(is_mark) else { return };
    // The mark itself is a word of the program; a header is the earlier mail's.
    let from = at + usize::from(!is_reply_header(&blocks[at].text));
    for block in &mut blocks[from..] {
        if matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem) {
            block.kind = BlockKind::Quote;
            block.level = 0;
        }
    }
}

/// True for a subject with which programs pass mails on.
pub(crate) fn is_forwarding(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    ["fw:", "fwd:", "wg:", "tr:", "rv:", "enc:", "i:", "fs:", "vs:", "doorst:", "转发", "轉寄", "轉發", "転送", "전달"]
        .iter()
        .any(|mark| subject.starts_with(mark))
}

/// True for the header of an earlier mail as Outlook and its like put it below an answer: lines for its sender, and for
/// two of its date, receiver and subject.
fn is_reply_header(text: &str) -> bool {
    const SENDER: &[&str] =
        &["from", "von", "de", "da", "van", "från", "fra", "od", "от", "发件人", "寄件者", "差出人", "보낸 사람"];
    const OTHERS: &[&str] = &[
        "sent",
        "date",
        "to",
        "subject",
        "gesendet",
        "datum",
        "an",
        "betreff",
        "envoyé",
        "date d'envoi",
        "à",
        "objet",
        "enviado",
        "para",
        "asunto",
        "assunto",
        "inviato",
        "a",
        "oggetto",
        "verzonden",
        "aan",
        "onderwerp",
        "skickat",
        "till",
        "ämne",
        "отправлено",
        "кому",
        "тема",
        "发送时间",
        "收件人",
        "主题",
        "寄件日期",
        "收件者",
        "主旨",
        "送信日時",
        "宛先",
        "件名",
        "날짜",
        "받는 사람",
        "제목",
    ];
    let key = |line: &str| {
        let line = line.trim_start_matches(['*', '_', ' ']);
        let at = line.find([':', '：'])?;
        Some(line[..at].trim_matches(['*', ' ', '\u{a0}']).to_lowercase())
    };
    let mut keys = text.lines().take(6).map(key);
    let is_sender = keys.next().flatten().is_some_and(|key| SENDER.contains(&key.as_str()));
    is_sender && keys.flatten().filter(|key| OTHERS.contains(&key.as_str())).count() >= 2
}

/// Lines of `name: value`, as delivery reports have them; indented ones go on with the line before.
pub(crate) fn report(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match blocks.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.text.push(' ');
                last.text.push_str(line.trim());
            }
            _ => blocks.push(Block::new(0, BlockKind::KeyValue, line.trim())),
        }
    }
    blocks
}

#[derive(Default)]
struct Writer {
    blocks: Vec<Block>,
    text: String,
    /// The last line goes on in the next.
    soft: bool,
    depth: usize,
}

impl Writer {
    fn line(&mut self, line: &str, soft: bool) {
        if !self.text.is_empty() && !self.soft {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.soft = soft;
    }

    fn flush(&mut self) {
        self.soft = false;
        let text = std::mem::take(&mut self.text);
        // The first line may be set off: `   - roses`.
        let text = text.trim_end().trim_start_matches('\n');
        if !text.trim().is_empty() {
            let kind = if self.depth > 0 { BlockKind::Quote } else { BlockKind::Paragraph };
            self.put(kind, text.into());
        }
    }

    fn put(&mut self, kind: BlockKind, text: String) {
        self.blocks.push(Block::new(0, kind, text));
    }
}

/// How often a line was quoted, and what is left of it.
fn quote_depth(line: &str, flowed: bool) -> (usize, &str) {
    // An mbox writes `>From` for a line that begins with `From`.
    if line.starts_with(">From ") {
        return (0, &line[1..]);
    }
    let (mut depth, mut rest) = (0, line);
    loop {
        let trimmed = if flowed { rest } else { rest.trim_start_matches(' ') };
        match trimmed.strip_prefix('>') {
            Some(after) if depth > 0 || rest.len() - trimmed.len() < 2 => {
                depth += 1;
                rest = after;
            }
            _ => break,
        }
    }
    (depth, if depth > 0 && !flowed { rest.strip_prefix(' ').unwrap_or(rest) } else { rest })
}

/// The line with which programs begin the mail that is answered: `-----Original Message-----` in many languages. That of
/// a forwarded mail is none: there the earlier mail is what is said.
fn is_reply_mark(line: &str) -> bool {
    let line = line.trim();
    if !line.starts_with("--") || line.len() > 200 {
        return false;
    }
    let words = line.trim_matches(|c: char| c == '-' || c.is_whitespace()).to_lowercase();
    matches!(
        words.as_str(),
        "original message"
            | "original appointment"
            | "ursprüngliche nachricht"
            | "message d'origine"
            | "message original"
            | "mensaje original"
            | "mensagem original"
            | "messaggio originale"
            | "oorspronkelijk bericht"
            | "ursprungligt meddelande"
            | "oprindelig meddelelse"
            | "исходное сообщение"
            | "wiadomość oryginalna"
            | "原始邮件"
            | "邮件原件"
            | "原始郵件"
            | "原邮件"
            | "元のメッセージ"
            | "원본 메시지"
            | "원본 메세지"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockKind::*;

    fn told(text: &str, flowed: bool, joined: bool) -> Vec<(BlockKind, String)> {
        plain(text, flowed, joined, false).into_iter().map(|b| (b.kind, b.text)).collect()
    }

    #[test]
    fn quotes_and_signatures() {
        let text = "Hello,\nyes.\n\nOn Monday Anna wrote:\n> Are you\n> coming?\n>\n> > Who?\n>\nBye\n-- \nBerta\n";
        let want = [
            (Paragraph, "Hello,\nyes."),
            (Paragraph, "On Monday Anna wrote:"),
            (Quote, "Are you\ncoming?"),
            (Quote, "Who?"),
            (Paragraph, "Bye"),
            (Separator, ""),
            (Paragraph, "Berta"),
        ];
        assert_eq!(told(text, false, false), want.map(|(k, t)| (k, t.to_owned())));
    }

    #[test]
    fn flowed_lines_are_joined() {
        let text = "One \nsentence.\n two\n> quoted \n> on\n\n-- \nsig ";
        let want = [(Paragraph, "One sentence.\ntwo"), (Quote, "quoted on"), (Separator, ""), (Paragraph, "sig")];
        assert_eq!(told(text, true, false), want.map(|(k, t)| (k, t.to_owned())));
        assert_eq!(told("灯 \n塔", true, true), [(Paragraph, "灯塔".to_owned())]);
    }

    #[test]
    fn what_follows_an_original_message_is_quoted() {
        let want = [(Paragraph, "Yes."), (Paragraph, "-----Original Message-----"), (Quote, "From: x\nhi")];
        let text = "Yes.\n\n-----Original Message-----\nFrom: x\nhi";
        assert_eq!(told(text, false, false), want.map(|(k, t)| (k, t.to_owned())));
        let kinds: Vec<_> =
            html("<p>Yes.<p>-----Original Message-----<p>hi", false).blocks.iter().map(|b| b.kind).collect();
        assert_eq!(kinds, [Paragraph, Paragraph, Quote]);
        assert_eq!(told("---- Forwarded message ----\n\nhi", false, false).len(), 2);
        let answer = "Yes.\n\nFrom: Anna\nSent: Monday\nTo: Bo\nSubject: Cranes\n\nComing?";
        let kinds = |forwards| plain(answer, false, false, forwards).iter().map(|b| b.kind).collect::<Vec<_>>();
        assert_eq!((kinds(false), kinds(true)), (vec![Paragraph, Quote, Quote], vec![Paragraph; 3]));
        let page = html(
            "<p>好。<div><b>发件人:</b> 王<br><b>发送时间:</b> 周一<br><b>主题:</b> 起重机</div><ul><li>来吗？</ul>",
            false,
        );
        assert_eq!(page.blocks.iter().map(|b| b.kind).collect::<Vec<_>>(), [Paragraph, Quote, Quote]);
        assert!(is_forwarding("FW: cranes") && is_forwarding("转发：起重机") && !is_forwarding("Re: fw"));
        assert!(!is_reply_header("From: the port\nwe see ships"));
        assert_eq!(told(">From here on", false, false), [(Paragraph, "From here on".to_owned())]);
    }
}
