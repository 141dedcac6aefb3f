//! Pages in, blocks out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_sdk::document::BlockKind::{self, *};
use mortise_shared_html::{Options, Page, declared_encoding, embedded, read, read_with};
use proptest::prelude::*;

fn texts(page: &Page) -> Vec<(BlockKind, u32, &str)> {
    page.blocks.iter().map(|b| (b.kind, b.level, b.text.as_str())).collect()
}

#[test]
fn the_page_of_the_reference_vectors_keeps_its_order() {
    let page = read(concat!(
        "<html><head><style>p{}</style></head><body><h1>Harbour</h1><p>Ships <b>dock</b> daily.</p><div><p>Cranes lift.",
        "</p><script>x()</script></div><ul><li>Rope</li><li>Sail</li></ul><table><tr><td>t</td><td>u</td></tr></table>",
        "<h4>Deep</h4><p>End.</p></body></html>"
    ));
    let want = [
        (Heading, 1, "Harbour"),
        (Paragraph, 0, "Ships dock daily."),
        (Paragraph, 0, "Cranes lift."),
        (ListItem, 1, "Rope"),
        (ListItem, 1, "Sail"),
        (Table, 0, "t\tu"),
        (Heading, 4, "Deep"),
        (Paragraph, 0, "End."),
    ];
    assert_eq!(texts(&page), want);
}

#[test]
fn lists_nest_and_number() {
    let page = read(
        "<ol start=3><li>c<ul><li>x<p>more</p></ul><li>d</ol><ol type=i><li>one<li value=4>four</ol><dl><dt>Term<dd>Meaning</dl>",
    );
    let want = [
        (ListItem, 1, "3. c"),
        (ListItem, 2, "x"),
        (Paragraph, 0, "more"),
        (ListItem, 1, "4. d"),
        (ListItem, 1, "i. one"),
        (ListItem, 1, "iv. four"),
        (Paragraph, 0, "Term"),
        (ListItem, 1, "Meaning"),
    ];
    assert_eq!(texts(&page), want);
}

#[test]
fn tables_keep_spans_headers_and_captions() {
    let page = read(concat!(
        "<table><caption>Loads</caption><thead><tr><th rowspan=2>Type<th colspan=2>Load</tr><tr><th>min<th>max</tr></thead>",
        "<tr><td>A<td>1<br>t<td><ol><li>x<li>y</ol></table>"
    ));
    assert_eq!(texts(&page)[0], (Caption, 0, "Loads"));
    assert_eq!(page.blocks[0].parent, Some(1));
    let table = page.blocks[1].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns), (3, 3));
    let cells: Vec<_> =
        table.cells.iter().map(|c| (c.row, c.column, c.row_span, c.column_span, c.header, c.text.as_str())).collect();
    let want = [
        (0, 0, 2, 1, true, "Type"),
        (0, 1, 1, 2, true, "Load"),
        (1, 1, 1, 1, true, "min"),
        (1, 2, 1, 1, true, "max"),
        (2, 0, 1, 1, false, "A"),
        (2, 1, 1, 1, false, "1\nt"),
        (2, 2, 1, 1, false, "1. x\n2. y"),
    ];
    assert_eq!(cells, want);
}

#[test]
fn tables_that_place_things_are_walked_through() {
    let page = read("<table><tr><td><h2>News</h2><p>Text.</td><td><table><tr><th>k<td>v</table></td></tr></table>");
    assert_eq!(texts(&page), [(Heading, 2, "News"), (Paragraph, 0, "Text."), (Table, 0, "k\tv")]);
    assert_eq!(texts(&read("<table><tr><td>Boxed.</table>")), [(Paragraph, 0, "Boxed.")]);
}

#[test]
fn code_keeps_blanks_and_quotes_are_quotes() {
    let page = read("<pre><code>\nfn f() {\n    1\n}\n</code></pre><blockquote><p>Said.</p></blockquote>after");
    assert_eq!(texts(&page), [(Code, 0, "fn f() {\n    1\n}"), (Quote, 0, "Said."), (Paragraph, 0, "after")]);
}

#[test]
fn breaks_entities_and_blanks() {
    let page = read("a&nbsp;&amp;\n  b<br>c<br><br>d &eacute;&#x4e2d; <wbr>co&shy;op<hr>e");
    assert_eq!(
        texts(&page),
        [(Paragraph, 0, "a & b\nc"), (Paragraph, 0, "d é中 coop"), (Separator, 0, ""), (Paragraph, 0, "e")]
    );
}

#[test]
fn pictures_and_their_captions() {
    let page =
        read("<figure><img alt='A crane'><figcaption>Fig. 1</figcaption></figure><p>See <img alt=hook> here<img></p>");
    assert_eq!(texts(&page), [(Figure, 0, "A crane"), (Caption, 0, "Fig. 1"), (Paragraph, 0, "See hook here")]);
    assert_eq!(page.blocks[1].parent, Some(0));
}

#[test]
fn navigation_goes_only_where_the_main_part_is_marked() {
    let nav = "<nav>Home</nav><p>Text.</p><footer>Imprint</footer>";
    assert_eq!(texts(&read(nav)).len(), 3);
    assert_eq!(texts(&read(&format!("<main>{nav}</main>"))), [(Paragraph, 0, "Text.")]);
}

#[test]
fn the_frame_of_a_page_goes_and_its_text_stays() {
    let text = "<p>Ships dock daily, and <a href=x>cranes</a> lift what they bring from the sea.</p>";
    let languages: String = (0..30).map(|i| format!("<li><a href=x>Language {i}</a>")).collect();
    let few = "<ul><li><a href=x>Tides</a><li><a href=x>Ropes</a></ul>";
    let page = format!(
        "<a href=#m>Jump</a><div>Login</div><main><header><ul>{languages}</ul></header>{text}{few}<div class='x navbox'>More</div></main>Imprint"
    );
    let want = [
        (Paragraph, 0, "Ships dock daily, and cranes lift what they bring from the sea."),
        (ListItem, 1, "Tides"),
        (ListItem, 1, "Ropes"),
    ];
    assert_eq!(texts(&read(&page)), want);
    let whole = read_with(&page, Options { whole: true, ..Options::default() });
    assert!(whole.blocks.len() > 30);
    // A page that is nothing but its links is told all the same.
    assert_eq!(read(&format!("<main><ul>{languages}</ul></main>")).blocks.len(), 30);
    // Without a marked main part nothing is judged, and a main part that says next to nothing is none.
    assert_eq!(read(&format!("{text}<ul>{languages}</ul>")).blocks.len(), 31);
    assert!(read(&format!("<main>x</main>{}", text.repeat(9))).blocks.len() > 5);
}

#[test]
fn pictures_are_figures_where_they_are_asked_for() {
    let options = Options { pictures: true, ..Options::default() };
    let html = "<p>See <img alt=hook src=h.png> here</p><img src=a.png><img alt=B src=b.png><table><tr><th>k<td><img src=c.png>v</table>\
                <svg><image href=d.png></svg><h2><img alt=Title src=t.png></h2>";
    let page = read_with(html, options);
    let told: Vec<_> =
        page.pictures.iter().map(|p| (p.source.as_str(), page.blocks[p.block as usize].text.as_str())).collect();
    assert_eq!(told, [("h.png", ""), ("a.png", ""), ("b.png", "B"), ("c.png", ""), ("d.png", ""), ("t.png", "")]);
    assert!(texts(&page).contains(&(Heading, 2, "Title")));
    let mut kept = page.clone();
    kept.keep_pictures(|source| (source == "a.png").then_some(7));
    assert_eq!(kept.blocks.iter().filter(|b| b.kind == Figure).count(), 2);
    assert_eq!(kept.blocks.iter().find_map(|b| b.image), Some(7));
    assert!(kept.blocks.iter().enumerate().all(|(at, b)| b.id as usize == at));
}

#[test]
fn xhtml_notes_and_names() {
    let options = Options { title: false, anchors: true, xhtml: true, ..Options::default() };
    let html = "<html><head><title/><script src='x'/></head><body><p id='p1'/><a id='a1'/><p>One.</p><aside epub:type='footnote' id='n'><p>Note.</p></aside><div role='doc-endnote'>End.</div></body></html>";
    let page = read_with(html, options);
    assert_eq!(texts(&page), [(Paragraph, 0, "One."), (Footnote, 0, "Note."), (Footnote, 0, "End.")]);
    assert_eq!(page.anchors, [("p1".to_owned(), 0), ("a1".to_owned(), 0), ("n".to_owned(), 1)]);
}

#[test]
fn embedded_pictures_are_read() {
    assert_eq!(embedded("data:image/png;base64,SGFy"), Some(("image/png".into(), b"Har".to_vec())));
    assert_eq!(embedded("data:text/html;base64,SGFy"), None);
    assert_eq!(embedded("http://x/y.png"), None);
}

#[test]
fn the_head_is_metadata_and_the_title_comes_first() {
    let page = read("<html lang=de><head><title> Hafen </title><meta name=Description content='Alles'></head><p>x");
    assert_eq!((page.title.as_deref(), page.language.as_deref()), (Some("Hafen"), Some("de")));
    assert_eq!(page.properties, [("description", "Alles".to_string())]);
    assert_eq!(texts(&page), [(Title, 0, "Hafen"), (Paragraph, 0, "x")]);
    assert_eq!(texts(&read("<title>Hafen</title><h1>Hafen</h1>")), [(Heading, 1, "Hafen")]);
}

#[test]
fn formulas_are_their_source() {
    let page = read(
        "<p>Let <math><mi>x</mi><semantics><annotation encoding='application/x-tex'>x^2</annotation></semantics></math>.",
    );
    assert_eq!(texts(&page), [(Paragraph, 0, "Let $x^2$.")]);
}

#[test]
fn depth_costs_neither_stack_nor_time() {
    let deep = "<div>".repeat(200_000) + "<p>bottom</p>" + &"</div>".repeat(200_000) + "<h2>After</h2><p>x";
    let start = std::time::Instant::now();
    let page = read(&deep);
    assert_eq!(texts(&page), [(Paragraph, 0, "bottom"), (Heading, 2, "After"), (Paragraph, 0, "x")]);
    let wrong: String = (0..3000).map(|i| format!("<font color={i}><p>{i}")).collect();
    assert_eq!(read(&wrong).blocks.len(), 3000);
    let tables = "<table><tr><td>".repeat(5_000) + "x";
    assert!(!read(&tables).blocks.is_empty());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn absurd_spans_are_cut() {
    let page = read("<table><tr><th colspan=99999999 rowspan=99999999>a<td>b<tr><td colspan=-1>c</table>");
    let table = page.blocks[0].table.as_ref().unwrap();
    assert!(table.columns <= 1000 && table.rows <= 2, "{} {}", table.columns, table.rows);
}

#[test]
fn encodings_are_found_in_the_head() {
    assert_eq!(declared_encoding(b"<meta charset=\"GB2312\">").as_deref(), Some("gb2312"));
    let old = b"<META http-equiv=Content-Type content='text/html; charset=Shift_JIS'>";
    assert_eq!(declared_encoding(old).as_deref(), Some("shift_jis"));
    assert_eq!(declared_encoding(b"<?xml version='1.0' encoding='euc-kr'?><html>").as_deref(), Some("euc-kr"));
    assert_eq!(declared_encoding(b"<html><body>no charset here"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_text_panics(html in "\\PC{0,300}") {
        let _ = read(&html);
    }

    #[test]
    fn no_markup_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "<table>", "</table>", "<tr>", "<td colspan=2 rowspan=3>", "<th>", "<caption>", "<p>", "</p>", "<ul>", "</ul>", "<ol>",
        "<li>", "<dl>", "<dd>", "<pre>", "</pre>", "<figure>", "<figcaption>", "<img src=a alt=b>", "<img src=bb>", "<a id=x href=y>", "<p id=z/>", "<title/>", "<aside role=doc-footnote>", "<image href=c>", "</figure>", "<img alt=x>", "<br>", "<hr>",
        "<template>", "</template>", "<svg>", "<math>", "</math>", "<b>", "<a>", "</a>", "<select>", "<option>", "<h1>", "</h2>",
        "<frameset>", "<body>", "</body>", "</html>", "<head>", "<title>", "</title>", "<script>", "</script>", "<!--", "-->", "text", " ",
        "<form>", "<button>", "<plaintext>", "<noscript>", "<blockquote>", "</blockquote>", "<main>", "<nav>",
    ]), 0..60)) {
        let mut page = read(&parts.concat());
        for all in [false, true] {
            if all {
                page = read_with(&parts.concat(), Options { title: true, pictures: true, anchors: true, whole: false, xhtml: true });
                page.keep_pictures(|source| (source.len() == 1).then_some(0));
            }
            prop_assert!(page.anchors.iter().all(|(_, at)| *at as usize <= page.blocks.len()));
        }
        for (i, block) in page.blocks.iter().enumerate() {
            prop_assert_eq!(block.id as usize, i);
            prop_assert!(block.parent.is_none_or(|p| (p as usize) < page.blocks.len()));
        }
    }
}
