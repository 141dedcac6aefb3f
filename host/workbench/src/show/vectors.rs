//! Vectors, as far as they can be read: how long they are, how they begin, and which texts they bring together.

use crate::paint::{Paint, columns, count, line};
use mortise_domain::role::Space;

/// Texts up to which every pair is shown.
const MATRIX: usize = 12;

pub(super) fn shown(space: &Space, texts: &[String], vectors: &[Vec<f32>], paint: Paint) -> String {
    let normalised = if space.normalised { ", normalised" } else { "" };
    let languages = match space.languages.as_slice() {
        [] => String::new(),
        some => format!(", {}", some.join(" ")),
    };
    let (dimensions, longest) = (space.dimensions, space.max_tokens);
    let mut text = format!("{dimensions} dimensions{normalised}, texts up to {longest} tokens{languages}\n\n");
    let mut rows = vec![["", "norm", "begins", "text"].map(str::to_owned).to_vec()];
    for (number, (told, vector)) in (1..).zip(texts.iter().zip(vectors)) {
        let begins: Vec<String> = vector.iter().take(4).map(|x| format!("{x:+.3}")).collect();
        rows.push(vec![number.to_string(), format!("{:.3}", norm(vector)), begins.join(" "), line(told, 80)]);
    }
    push(&mut text, &rows, &[0, 1], paint);
    text.push('\n');
    if vectors.len() <= MATRIX {
        let cosines = |a: &Vec<f32>| vectors.iter().map(|b| format!("{:.2}", cosine(a, b))).collect::<Vec<_>>();
        let numbers = (1..=vectors.len()).map(|number| number.to_string());
        let mut rows: Vec<Vec<String>> = vec![["cosine".to_owned()].into_iter().chain(numbers).collect()];
        rows.extend(
            (1..).zip(vectors).map(|(n, v): (usize, _)| [n.to_string()].into_iter().chain(cosines(v)).collect()),
        );
        let all: Vec<usize> = (0..=vectors.len()).collect();
        push(&mut text, &rows, &all, paint);
    } else {
        let mut rows = vec![["", "nearest", "cosine", ""].map(str::to_owned).to_vec()];
        for (at, vector) in vectors.iter().enumerate() {
            let others = vectors.iter().enumerate().filter(|(other, _)| *other != at);
            let nearest = others.map(|(other, v)| (other, cosine(vector, v))).max_by(|(_, a), (_, b)| a.total_cmp(b));
            if let Some((other, cosine)) = nearest {
                let (from, to) = (line(&texts[at], 40), line(&texts[other], 40));
                rows.push(vec![
                    (at + 1).to_string(),
                    (other + 1).to_string(),
                    format!("{cosine:.2}"),
                    format!("{from} ~ {to}"),
                ]);
            }
        }
        push(&mut text, &rows, &[0, 1, 2], paint);
    }
    text + "\n" + &paint.dim(&count(vectors.len(), "text")) + "\n"
}

fn push(text: &mut String, rows: &[Vec<String>], numeric: &[usize], paint: Paint) {
    for (at, row) in columns(rows, numeric).into_iter().enumerate() {
        text.push_str(&if at == 0 { paint.dim(&row) } else { row });
        text.push('\n');
    }
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt()
}

/// 0 where one of them has no direction.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let both = norm(a) * norm(b);
    if both > 0.0 { dot / both } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        Space { dimensions: 2, max_tokens: 7, normalised: true, languages: vec![] }
    }

    #[test]
    fn few_texts_are_compared_with_each_other() {
        let texts = ["a", "b"].map(str::to_owned);
        let text = shown(&space(), &texts, &[vec![1.0, 0.0], vec![0.6, 0.8]], Paint::default());
        assert!(text.starts_with("2 dimensions, normalised, texts up to 7 tokens\n"), "{text}");
        assert!(text.contains("1  1.000  +1.000 +0.000  a\n"), "{text}");
        assert!(text.contains("     2  0.60  1.00\n"), "{text}");
    }

    #[test]
    fn many_texts_show_their_nearest() {
        let texts: Vec<String> = (0..20).map(|n| format!("t{n}")).collect();
        let vectors: Vec<Vec<f32>> =
            (0..20).map(|n| if n % 2 == 0 { vec![1.0, 0.01 * n as f32] } else { vec![0.0, 1.0] }).collect();
        let text = shown(&space(), &texts, &vectors, Paint::default());
        assert!(text.contains("nearest") && text.contains("t0 ~ t2"), "{text}");
        assert_eq!(cosine(&[0.0], &[1.0]), 0.0);
    }
}
