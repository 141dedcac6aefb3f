//! Spans of years in a CV, from which the years of work are reckoned.

/// Years from the first month of work to the last, where no span says «now»: what is now cannot be known here.
pub(crate) fn years(lines: &[&str]) -> Option<f64> {
    let mut months: Vec<(u32, u32)> = lines.iter().flat_map(|line| spans(line)).collect();
    months.sort_unstable();
    let (mut sum, mut until) = (0_u32, 0_u32);
    for (from, to) in months {
        let from = from.max(until);
        sum += to.saturating_sub(from);
        until = until.max(to);
    }
    (sum > 0).then(|| (f64::from(sum) / 12.0 * 10.0).round() / 10.0)
}

/// Spans as months since the year 0.
fn spans(line: &str) -> Vec<(u32, u32)> {
    let points = points(line);
    let joined = |between: &str| {
        let between = between.trim().to_lowercase();
        matches!(between.as_str(), "-" | "–" | "—" | "~" | "～" | "to" | "until" | "至" | "到" | "--")
    };
    let pairs = points.windows(2).filter(|pair| joined(&line[pair[0].end..pair[1].start]));
    pairs.map(|pair| (pair[0].month, pair[1].month)).filter(|(from, to)| to > from && to - from < 12 * 60).collect()
}

struct Point {
    start: usize,
    end: usize,
    month: u32,
}

/// `2019`, `2019.03`, `2019/3`, `2019-03`, `2019年3月`, `Mar 2019`, `March 2019`, `03/2019`.
fn points(line: &str) -> Vec<Point> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut points: Vec<Point> = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let four = &bytes[at..at + 4];
        let alone =
            (at == 0 || !bytes[at - 1].is_ascii_digit()) && bytes.get(at + 4).is_none_or(|b| !b.is_ascii_digit());
        let year = std::str::from_utf8(four).ok().filter(|_| alone && four.iter().all(u8::is_ascii_digit));
        let Some(year) = year.and_then(|year| year.parse::<u32>().ok()).filter(|year| (1950..2100).contains(year))
        else {
            at += 1;
            continue;
        };
        let (mut start, mut end, mut month) = (at, at + 4, None);
        let behind = &line[end..];
        if let Some(rest) = behind.strip_prefix(['.', '/', '-', '年']) {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).take(3).collect();
            month = digits.parse().ok().filter(|month| digits.len() < 3 && (1..=12).contains(month));
            if month.is_some() {
                end += behind.len() - rest.len() + digits.len();
                end += if line[end..].starts_with('月') { '月'.len_utf8() } else { 0 };
            } else if behind.starts_with('年') {
                end += '年'.len_utf8();
            }
        }
        if month.is_none() {
            let before = line[..at].trim_end_matches([' ', ',', '.']);
            let word = before.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
            let lower: String = word.to_lowercase().chars().take(3).collect();
            month = MONTHS.iter().position(|name| *name == lower).map(|month| month as u32 + 1);
            if month.is_some() {
                start = before.len() - word.len();
            } else if let Some(front) = line[..at].strip_suffix('/') {
                let digits = front.len() - front.trim_end_matches(|c: char| c.is_ascii_digit()).len();
                month = front[front.len() - digits..].parse().ok().filter(|month| (1..=12).contains(month));
                start = if month.is_some() { front.len() - digits } else { start };
            }
        }
        points.push(Point { start, end, month: year * 12 + month.unwrap_or(1) - 1 });
        at = end;
    }
    points.retain(|point| {
        line.is_char_boundary(point.start) && line.is_char_boundary(point.end) && point.start <= point.end
    });
    let mut last = 0;
    points.retain(|point| {
        let after = point.start >= last;
        last = if after { point.end } else { last };
        after
    });
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_count_once() {
        assert_eq!(years(&["2015.03 - 2018.03 Acme", "2017/3–2019/3"]), Some(4.0));
        assert_eq!(years(&["Mar 2015 to March 2016", "2020年1月至2020年7月"]), Some(1.5));
        assert_eq!(years(&["2019 - now", "call 12345678"]), None);
        assert_eq!(years(&["03/2015 - 09/2015"]), Some(0.5));
    }
}
