//! The lines a document's owner reads: `HH:MM:SS what is done`, the newest last.

use crate::column::time_of_day;
use mortise_domain::Millis;

/// Characters kept of all lines.
const LIMIT: usize = 3000;
/// Characters kept of one line, so that one never pushes out all others.
const LINE_LIMIT: usize = 2000;

/// Adds a line with the time of day (UTC); an empty one is not added. Old lines go when the text grows too long.
pub(super) fn add_line(msg: &mut String, line: &str, at: Millis) {
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    if !msg.is_empty() {
        msg.push('\n');
    }
    msg.push_str(&time_of_day(at));
    msg.push(' ');
    match line.char_indices().nth(LINE_LIMIT) {
        Some((end, _)) => {
            msg.push_str(&line[..end]);
            msg.push('…');
        }
        None => msg.push_str(line),
    }
    trim(msg);
}

/// Keeps the last characters, from the start of a line.
fn trim(msg: &mut String) {
    let Some((cut, _)) = msg.char_indices().rev().nth(LIMIT - 1).filter(|(cut, _)| *cut > 0) else { return };
    let at_line = if msg[..cut].ends_with('\n') { Some(cut) } else { msg[cut..].find('\n').map(|n| cut + n + 1) };
    msg.drain(..at_line.unwrap_or(cut));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_carry_the_time_of_day() {
        let mut msg = String::from("Task is queued...");
        add_line(&mut msg, " Parsed. \n", 1_741_940_464_000);
        add_line(&mut msg, "  ", 1_741_940_465_000);
        assert_eq!(msg, "Task is queued...\n08:21:04 Parsed.");
    }

    #[test]
    fn old_lines_go_and_every_line_stays_whole() {
        let mut msg = String::new();
        for n in 0..500 {
            add_line(&mut msg, &format!("Zeile äöü {n}"), n * 1000);
            assert!(msg.chars().count() <= LIMIT);
            assert!(msg.lines().all(|line| line.starts_with("00:0") && line.contains(" Zeile äöü ")), "{msg}");
        }
        assert!(msg.ends_with("Zeile äöü 499"));
        assert!(msg.chars().count() > LIMIT - 40);
    }

    #[test]
    fn a_monstrous_line_is_cut_but_its_beginning_stays() {
        let mut msg = String::from("old");
        add_line(&mut msg, &format!("reason {}", "ß".repeat(10_000)), 0);
        add_line(&mut msg, "next", 0);
        assert!(msg.starts_with("old\n00:00:00 reason ß"));
        assert!(msg.ends_with("ß…\n00:00:00 next"));
    }
}
