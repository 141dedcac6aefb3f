//! Office Math (ECMA-376 part 1, 22.1) → LaTeX, the form in which models read formulas best.

use mortise_shared_packed::{Error, Namespace, Token, Xml};
use std::collections::BTreeMap;

/// An element of a formula.
#[derive(Debug, Default)]
struct Node {
    name: String,
    /// `m:val` of the properties (`chr`, `begChr`, `type`, …), which stand in a child of their own.
    properties: BTreeMap<String, String>,
    text: String,
    children: Vec<Node>,
}

/// Elements that a formula may nest; below, only its letters are kept.
const MAX_DEPTH: usize = 60;

/// Reads the formula whose start tag (`m:oMath`) was the last token, to its end.
pub(crate) fn read(xml: &mut Xml<'_>) -> Result<String, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut stack = vec![Node::default()];
    // Open elements that have no node: too deep, or properties.
    let mut inside_properties = 0usize;
    let mut too_deep = 0usize;
    while xml.depth() > outside {
        let Some(token) = xml.next()? else { break };
        match token {
            Token::Start(tag) => {
                let name = tag.name().to_string();
                if tag.namespace() == Namespace::Word && matches!(name.as_str(), "del" | "moveFrom" | "rPr") {
                    xml.skip()?;
                } else if inside_properties > 0 {
                    inside_properties += 1;
                    if let (Some(node), Some(value)) = (stack.last_mut(), tag.attr("val").or(Some("1".into()))) {
                        node.properties.insert(name, value);
                    }
                } else if name.ends_with("Pr") {
                    inside_properties = 1;
                } else if stack.len() > MAX_DEPTH {
                    too_deep += 1;
                } else {
                    stack.push(Node { name, ..Node::default() });
                }
            }
            Token::Text(text) => {
                if let (Some(node), 0) = (stack.last_mut(), inside_properties) {
                    node.text.push_str(&text);
                }
            }
            Token::End(..) if inside_properties > 0 => inside_properties -= 1,
            Token::End(..) if too_deep > 0 => too_deep -= 1,
            Token::End(..) => {
                if stack.len() > 1
                    && let Some(node) = stack.pop()
                    && let Some(parent) = stack.last_mut()
                {
                    parent.children.push(node);
                }
            }
        }
    }
    let root = stack.into_iter().next().unwrap_or_default();
    let mut latex = String::new();
    children(&root, &mut latex);
    Ok(tidy(&latex))
}

fn tidy(latex: &str) -> String {
    let words: Vec<&str> = latex.split_whitespace().collect();
    words.join(" ")
}

fn children(node: &Node, out: &mut String) {
    for child in &node.children {
        write(child, out);
    }
}

/// The LaTeX of one part, e.g. the numerator of a fraction; empty if it is not there.
fn part(node: &Node, name: &str) -> String {
    let mut out = String::new();
    if let Some(child) = node.children.iter().find(|c| c.name == name) {
        children(child, &mut out);
    }
    out.trim().to_string()
}

fn write(node: &Node, out: &mut String) {
    let property = |name: &str| node.properties.get(name).map(String::as_str);
    match node.name.as_str() {
        "t" => letters(&node.text, out),
        "r" => {
            let mut text = String::new();
            children(node, &mut text);
            if property("nor").is_some_and(|v| v != "0") && text.trim().len() > 1 && text.contains(char::is_alphabetic)
            {
                out.push_str(&format!("\\text{{{text}}}"));
            } else {
                out.push_str(&text);
            }
        }
        "f" => {
            let (num, den) = (part(node, "num"), part(node, "den"));
            out.push_str(&match property("type") {
                Some("noBar") => format!("\\genfrac{{}}{{}}{{0pt}}{{}}{{{num}}}{{{den}}}"),
                Some("lin") => format!("{{{num}}}/{{{den}}}"),
                _ => format!("\\frac{{{num}}}{{{den}}}"),
            });
        }
        "sSup" => out.push_str(&format!("{}^{{{}}}", base(node), part(node, "sup"))),
        "sSub" => out.push_str(&format!("{}_{{{}}}", base(node), part(node, "sub"))),
        "sSubSup" => {
            out.push_str(&format!("{}_{{{}}}^{{{}}}", base(node), part(node, "sub"), part(node, "sup")));
        }
        "sPre" => out.push_str(&format!("{{}}_{{{}}}^{{{}}}{}", part(node, "sub"), part(node, "sup"), base(node))),
        "rad" => {
            let degree = part(node, "deg");
            let degree = if degree.is_empty() { degree } else { format!("[{degree}]") };
            out.push_str(&format!("\\sqrt{degree}{{{}}}", part(node, "e")));
        }
        "nary" => {
            let mut sign = String::new();
            letters(property("chr").unwrap_or("∫"), &mut sign);
            out.push_str(sign.trim());
            for (mark, name) in [("_", "sub"), ("^", "sup")] {
                let limit = part(node, name);
                if !limit.is_empty() {
                    out.push_str(&format!("{mark}{{{limit}}}"));
                }
            }
            out.push(' ');
            out.push_str(&part(node, "e"));
        }
        "d" => {
            let separator = property("sepChr").unwrap_or("|");
            let parts: Vec<String> = (node.children.iter().filter(|c| c.name == "e"))
                .map(|e| {
                    let mut text = String::new();
                    children(e, &mut text);
                    text
                })
                .collect();
            let (open, close) =
                (bracket(property("begChr").unwrap_or("(")), bracket(property("endChr").unwrap_or(")")));
            out.push_str(&format!("\\left{open}{}\\right{close}", parts.join(separator)));
        }
        "func" => out.push_str(&format!("{} {}", function(&part(node, "fName")), part(node, "e"))),
        "limLow" => {
            let base = part(node, "e");
            out.push_str(&format!("{}_{{{}}}", function(&base), part(node, "lim")));
        }
        "limUpp" => out.push_str(&format!("\\overset{{{}}}{{{}}}", part(node, "lim"), part(node, "e"))),
        "bar" => {
            let mark = if property("pos") == Some("top") { "overline" } else { "underline" };
            out.push_str(&format!("\\{mark}{{{}}}", part(node, "e")));
        }
        "acc" => {
            let mark = match property("chr").unwrap_or("\u{302}") {
                "\u{303}" | "~" => "tilde",
                "\u{304}" | "\u{305}" | "¯" => "overline",
                "\u{307}" | "˙" => "dot",
                "\u{308}" | "¨" => "ddot",
                "\u{300}" | "`" => "grave",
                "\u{301}" | "´" => "acute",
                "\u{306}" | "˘" => "breve",
                "\u{30C}" | "ˇ" => "check",
                "\u{20D7}" | "→" => "vec",
                _ => "hat",
            };
            out.push_str(&format!("\\{mark}{{{}}}", part(node, "e")));
        }
        "groupChr" => {
            let mark = match (property("chr"), property("pos")) {
                (Some("⏞"), _) => "overbrace",
                (Some("→"), _) => "overrightarrow",
                (Some("←"), _) => "overleftarrow",
                (None, Some("top")) => "overbrace",
                _ => "underbrace",
            };
            out.push_str(&format!("\\{mark}{{{}}}", part(node, "e")));
        }
        "borderBox" => out.push_str(&format!("\\boxed{{{}}}", part(node, "e"))),
        "m" => {
            let rows: Vec<String> = (node.children.iter().filter(|c| c.name == "mr"))
                .map(|row| {
                    let cells: Vec<String> = (row.children.iter())
                        .map(|e| {
                            let mut text = String::new();
                            children(e, &mut text);
                            text.trim().to_string()
                        })
                        .collect();
                    cells.join(" & ")
                })
                .collect();
            out.push_str(&format!("\\begin{{matrix}}{}\\end{{matrix}}", rows.join(" \\\\ ")));
        }
        "eqArr" => {
            let rows: Vec<String> = (node.children.iter().filter(|c| c.name == "e"))
                .map(|e| {
                    let mut text = String::new();
                    children(e, &mut text);
                    // `#` puts a number at the margin; it is no letter of the formula.
                    text.replace('#', " ").trim().to_string()
                })
                .collect();
            match rows.as_slice() {
                [one] => out.push_str(one),
                rows => out.push_str(&format!("\\begin{{aligned}}{}\\end{{aligned}}", rows.join(" \\\\ "))),
            }
        }
        _ => children(node, out),
    }
}

/// What carries a script: braces where it is more than a letter.
fn base(node: &Node) -> String {
    let base = part(node, "e");
    let simple = base.chars().count() <= 1 || base.starts_with("\\left") || base.starts_with('{');
    if simple { base } else { format!("{{{base}}}") }
}

fn bracket(c: &str) -> String {
    match c {
        "" => ".".into(),
        "{" | "}" => format!("\\{c}"),
        "⟨" | "〈" => "\\langle ".into(),
        "⟩" | "〉" => "\\rangle ".into(),
        "‖" => "\\Vert ".into(),
        "⌈" => "\\lceil ".into(),
        "⌉" => "\\rceil ".into(),
        "⌊" => "\\lfloor ".into(),
        "⌋" => "\\rfloor ".into(),
        c => c.into(),
    }
}

fn function(name: &str) -> String {
    const KNOWN: &[&str] = &[
        "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim", "exp", "gcd",
        "hom", "inf", "ker", "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min", "Pr", "sec", "sin", "sinh",
        "sup", "tan", "tanh",
    ];
    if KNOWN.contains(&name) {
        format!("\\{name}")
    } else if name.len() > 1 && name.chars().all(char::is_alphabetic) {
        format!("\\operatorname{{{name}}}")
    } else {
        name.into()
    }
}

/// Letters of a run; signs that have a LaTeX name get it, set off so that it does not run into what follows.
fn letters(text: &str, out: &mut String) {
    for c in text.chars() {
        match command(c) {
            Some(name) => {
                out.push('\\');
                out.push_str(name);
                out.push(' ');
            }
            None => match c {
                '\u{2061}'..='\u{2064}' | '\u{200B}' => {}
                '{' | '}' | '%' | '_' | '$' => {
                    out.push('\\');
                    out.push(c);
                }
                '−' => out.push('-'),
                '′' => out.push('\''),
                c => out.push(plain(c)),
            },
        }
    }
}

/// Mathematical alphanumerics (bold, italic, …) are styled letters.
fn plain(c: char) -> char {
    let code = c as u32;
    let letter = |offset: u32| {
        let n = offset % 52;
        char::from_u32(if n < 26 { 0x41 + n } else { 0x61 + n - 26 }).unwrap_or(c)
    };
    match code {
        0x1D400..=0x1D6A3 => letter(code - 0x1D400),
        0x1D7CE..=0x1D7FF => char::from_u32(0x30 + (code - 0x1D7CE) % 10).unwrap_or(c),
        0x210E => 'h',
        _ => c,
    }
}

fn command(c: char) -> Option<&'static str> {
    Some(match c {
        'α' | '𝛼' => "alpha",
        'β' | '𝛽' => "beta",
        'γ' | '𝛾' => "gamma",
        'δ' | '𝛿' => "delta",
        'ε' | '𝜀' => "varepsilon",
        'ϵ' | '𝜖' => "epsilon",
        'ζ' => "zeta",
        'η' | '𝜂' => "eta",
        'θ' | '𝜃' => "theta",
        'ϑ' => "vartheta",
        'ι' => "iota",
        'κ' => "kappa",
        'λ' | '𝜆' => "lambda",
        'μ' | '𝜇' => "mu",
        'ν' => "nu",
        'ξ' => "xi",
        'π' | '𝜋' => "pi",
        'ρ' | '𝜌' => "rho",
        'σ' | '𝜎' => "sigma",
        'ς' => "varsigma",
        'τ' | '𝜏' => "tau",
        'υ' => "upsilon",
        'φ' | '𝜑' => "varphi",
        'ϕ' | '𝜙' => "phi",
        'χ' => "chi",
        'ψ' | '𝜓' => "psi",
        'ω' | '𝜔' => "omega",
        'Γ' => "Gamma",
        'Δ' | '∆' => "Delta",
        'Θ' => "Theta",
        'Λ' => "Lambda",
        'Ξ' => "Xi",
        'Π' => "Pi",
        'Σ' => "Sigma",
        'Φ' => "Phi",
        'Ψ' => "Psi",
        'Ω' => "Omega",
        '∞' => "infty",
        '±' => "pm",
        '∓' => "mp",
        '×' => "times",
        '÷' => "div",
        '⋅' | '·' => "cdot",
        '∗' => "ast",
        '∘' => "circ",
        '≤' => "leq",
        '≥' => "geq",
        '≠' => "neq",
        '≈' => "approx",
        '≡' => "equiv",
        '≅' => "cong",
        '∼' => "sim",
        '∝' => "propto",
        '≪' => "ll",
        '≫' => "gg",
        '∈' => "in",
        '∉' => "notin",
        '∋' => "ni",
        '⊂' => "subset",
        '⊆' => "subseteq",
        '⊃' => "supset",
        '⊇' => "supseteq",
        '∪' => "cup",
        '∩' => "cap",
        '∅' => "emptyset",
        '∀' => "forall",
        '∃' => "exists",
        '¬' => "neg",
        '∧' => "wedge",
        '∨' => "vee",
        '→' => "rightarrow",
        '←' => "leftarrow",
        '↔' => "leftrightarrow",
        '⇒' => "Rightarrow",
        '⇐' => "Leftarrow",
        '⇔' => "Leftrightarrow",
        '↦' => "mapsto",
        '↑' => "uparrow",
        '↓' => "downarrow",
        '∂' => "partial",
        '∇' => "nabla",
        '√' => "surd",
        '∠' => "angle",
        '⊥' => "perp",
        '∥' => "parallel",
        '∑' => "sum",
        '∏' => "prod",
        '∐' => "coprod",
        '∫' => "int",
        '∬' => "iint",
        '∭' => "iiint",
        '∮' => "oint",
        '∯' => "oiint",
        '∰' => "oiiint",
        '⋃' => "bigcup",
        '⋂' => "bigcap",
        '⋁' => "bigvee",
        '⋀' => "bigwedge",
        '⊕' => "oplus",
        '⊗' => "otimes",
        '⨁' => "bigoplus",
        '⨂' => "bigotimes",
        '…' => "ldots",
        '⋯' => "cdots",
        '⋮' => "vdots",
        '⋱' => "ddots",
        'ℏ' => "hbar",
        'ℓ' => "ell",
        'ℜ' => "Re",
        'ℑ' => "Im",
        'ℵ' => "aleph",
        '°' => "degree",
        _ => return None,
    })
}
