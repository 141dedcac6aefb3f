//! What of a page is its text, and what is the frame around it: menus, lists of languages, categories, notices.

use crate::build::{LINK, LINK_END};
use crate::tree::{Data, Id, Tree};
use mortise_sdk::document::Block;

/// Of the letters of a page, the share that its main part must hold to stand for the page, in hundredths.
const MAIN_SHARE: usize = 25;

/// The least items of a list that nobody reads: shorter ones may be further reading.
const MENU_ITEMS: usize = 20;

/// Letters of an item of a menu, on average and at most.
const MENU_LETTERS: usize = 25;

/// A page that is reduced to fewer letters is looked at again.
const FEW_LETTERS: usize = 200;

/// The element to be walked: the one main part of the page where there is one that says enough, else all.
pub(crate) fn root(tree: &Tree) -> Id {
    let mut mains = tree.descendants(0).filter(|id| tree.name(*id) == "main" || tree.attr(*id, "role") == Some("main"));
    let (Some(main), None) = (mains.next(), mains.next()) else { return 0 };
    let said = letters(tree, main).0;
    if said > 0 && said * 100 >= letters(tree, 0).0 * MAIN_SHARE { main } else { 0 }
}

/// True if next to nothing was left of a page that says something.
pub(crate) fn is_too_little(tree: &Tree, blocks: &[Block]) -> bool {
    let left = blocks.iter().map(|b| b.text.chars().filter(|c| c.is_alphanumeric()).count()).sum::<usize>();
    left < FEW_LETTERS && left * 20 <= letters(tree, 0).0
}

/// True for parts of a framed page that belong to the frame: by the names that frames go by, or because they are long lists
/// of short links and nothing else.
pub(crate) fn is_frame(tree: &Tree, id: Id) -> bool {
    match tree.name(id) {
        "ul" | "ol" | "dl" | "menu" => is_menu(tree, id),
        "div" | "section" | "table" | "header" | "span" | "p" => {
            let named = |value: &str| value.split_ascii_whitespace().any(is_frame_name);
            ["class", "id"].iter().any(|name| tree.attr(id, name).is_some_and(named))
        }
        _ => false,
    }
}

/// Whole names only: a part of one proves nothing.
fn is_frame_name(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "breadcrumb"
            | "breadcrumbs"
            | "catlinks"
            | "cookie-banner"
            | "cookie-consent"
            | "cookie-notice"
            | "gdpr"
            | "jump-to-nav"
            | "mw-jump-link"
            | "nav-links"
            | "navbar"
            | "navbox"
            | "navigation"
            | "newsletter-signup"
            | "noprint"
            | "pagination"
            | "pager"
            | "printfooter"
            | "related-posts"
            | "share-buttons"
            | "site-footer"
            | "site-header"
            | "skip-link"
            | "social-links"
            | "social-share"
    )
}

fn is_menu(tree: &Tree, list: Id) -> bool {
    let items = tree.descendants(list).filter(|id| matches!(tree.name(*id), "li" | "dd")).take(100_000).count();
    if items < MENU_ITEMS {
        return false;
    }
    let (all, linked) = letters(tree, list);
    linked * 100 >= all * 95 && all <= items * MENU_LETTERS
}

/// Letters and digits below an element, and how many of them are links.
fn letters(tree: &Tree, id: Id) -> (usize, usize) {
    let (mut all, mut linked, mut open) = (0, 0, false);
    for id in tree.descendants(id) {
        match &tree.node(id).data {
            Data::Text(text) => {
                let count = text.chars().filter(|c| c.is_alphanumeric()).count();
                all += count;
                linked += if open { count } else { 0 };
            }
            Data::Comment(mark) if mark == LINK => open = true,
            Data::Comment(mark) if mark == LINK_END => open = false,
            _ => {}
        }
    }
    (all, linked)
}
