//! Numbers in the formats of Word's lists (`ST_NumberFormat` of ECMA-376 part 1, 17.18.59).

use mortise_shared_numerals::roman;

/// A number in one format. What is not known, or out of a format's range, is decimal.
pub(crate) fn format_number(number: i64, format: &str) -> String {
    let positive = usize::try_from(number).ok().filter(|n| (1..=32_767).contains(n));
    let Some(n) = positive else { return number.to_string() };
    match format {
        "decimalZero" => format!("{n:02}"),
        "lowerLetter" => letters(n, 'a'),
        "upperLetter" => letters(n, 'A'),
        "lowerRoman" => small_roman(n),
        "upperRoman" => small_roman(n).to_uppercase(),
        "ordinal" => format!("{n}{}", ordinal_suffix(n)),
        "russianLower" => cycle(n, &"абвгдежзиклмнопрстуфхцчшщыэюя".chars().collect::<Vec<_>>()),
        "russianUpper" => cycle(n, &"АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ".chars().collect::<Vec<_>>()),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => one_of(n, 0x2460, 20),
        "decimalEnclosedParen" => one_of(n, 0x2474, 20),
        "decimalEnclosedFullstop" => one_of(n, 0x2488, 20),
        "decimalFullWidth" | "decimalFullWidth2" => {
            n.to_string().bytes().filter_map(|b| char::from_u32(0xFF10 + u32::from(b - b'0'))).collect()
        }
        "chineseCounting"
        | "taiwaneseCounting"
        | "taiwaneseCountingThousand"
        | "chineseCountingThousand"
        | "japaneseCounting"
        | "ideographLegalTraditional"
        | "chineseLegalSimplified"
        | "japaneseLegal" => {
            let digits = match format {
                "ideographLegalTraditional" => ["零壹貳參肆伍陸柒捌玖", "拾佰仟", "萬"],
                "chineseLegalSimplified" => ["零壹贰叁肆伍陆柒捌玖", "拾佰仟", "萬"],
                "japaneseLegal" => ["零壱弐参四伍六七八九", "拾百阡", "萬"],
                "taiwaneseCounting" | "taiwaneseCountingThousand" => ["零一二三四五六七八九", "十百千", "萬"],
                _ => ["零一二三四五六七八九", "十百千", "万"],
            };
            counting(n, digits, format == "japaneseCounting" || format == "japaneseLegal")
        }
        "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseDigital" | "koreanDigital2" => {
            digits(n, "〇一二三四五六七八九")
        }
        "koreanDigital" => digits(n, "영일이삼사오육칠팔구"),
        "koreanCounting" => counting(n, ["영일이삼사오육칠팔구", "십백천", "만"], true),
        "ideographTraditional" => list(n, "甲乙丙丁戊己庚辛壬癸"),
        "ideographZodiac" => list(n, "子丑寅卯辰巳午未申酉戌亥"),
        "ganada" => list(n, "가나다라마바사아자차카타파하"),
        "chosung" => list(n, "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
        "aiueo" | "aiueoFullWidth" => {
            list(n, "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン")
        }
        "iroha" | "irohaFullWidth" => {
            list(n, "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス")
        }
        "hebrew2" => list(n, "אבגדהוזחטיכלמנסעפצקרשת"),
        "arabicAlpha" => list(n, "أبتثجحخدذرزسشصضطظعغفقكلمنهوي"),
        "arabicAbjad" => list(n, "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ"),
        "none" => String::new(),
        _ => n.to_string(),
    }
}

/// a … z, aa, bb, … as Word counts.
fn letters(n: usize, first: char) -> String {
    let alphabet: Vec<char> = (0..26).filter_map(|i| char::from_u32(first as u32 + i)).collect();
    cycle(n, &alphabet)
}

fn small_roman(n: usize) -> String {
    // Word goes on in digits where Roman numerals end.
    match u32::try_from(n) {
        Ok(n @ ..=3999) => roman(n).to_lowercase(),
        _ => n.to_string(),
    }
}

fn cycle(n: usize, alphabet: &[char]) -> String {
    let times = ((n - 1) / alphabet.len() + 1).min(20);
    std::iter::repeat_n(alphabet[(n - 1) % alphabet.len()], times).collect()
}

fn ordinal_suffix(n: usize) -> &'static str {
    match (n % 10, n % 100) {
        (1, 1..=10 | 12..) => "st",
        (2, 1..=11 | 13..) => "nd",
        (3, 1..=12 | 14..) => "rd",
        _ => "th",
    }
}

fn one_of(n: usize, first: u32, count: usize) -> String {
    let found = (n <= count).then(|| char::from_u32(first + n as u32 - 1)).flatten();
    found.map_or_else(|| n.to_string(), String::from)
}

fn list(n: usize, letters: &str) -> String {
    letters.chars().nth(n - 1).map_or_else(|| n.to_string(), String::from)
}

fn digits(n: usize, names: &str) -> String {
    n.to_string().bytes().filter_map(|b| names.chars().nth(usize::from(b - b'0'))).collect()
}

/// Reads a number out: digits, then ten, hundred, thousand, then ten thousand. Chinese writes a zero for each gap and
/// drops the one of 10–19; Japanese and Korean drop ones before units and write no zeros.
fn counting(n: usize, [digits, units, myriad]: [&str; 3], plain: bool) -> String {
    let digit = |d: usize| digits.chars().nth(d).unwrap_or('?');
    let group = |n: usize, text: &mut String, inner: bool| {
        let mut gap = inner && n < 1000;
        for place in (0..4).rev() {
            let d = n / 10usize.pow(place) % 10;
            if d == 0 {
                gap |= n >= 10usize.pow(place);
                continue;
            }
            if gap && !plain && !text.is_empty() {
                text.push(digit(0));
            }
            gap = false;
            let bare = d == 1 && place > 0 && (plain || (place == 1 && text.is_empty()));
            if !bare {
                text.push(digit(d));
            }
            if place > 0 {
                text.extend(units.chars().nth(place as usize - 1));
            }
        }
    };
    let mut text = String::new();
    if n >= 10_000 {
        group(n / 10_000, &mut text, false);
        text.push_str(myriad);
        if !n.is_multiple_of(10_000) {
            group(n % 10_000, &mut text, true);
        }
    } else {
        group(n, &mut text, false);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::format_number as f;

    #[test]
    fn formats_count_as_word_does() {
        assert_eq!([f(1, "lowerLetter"), f(28, "lowerLetter"), f(27, "upperLetter")], ["a", "bb", "AA"]);
        assert_eq!([f(1994, "upperRoman"), f(4, "lowerRoman"), f(3, "decimalZero")], ["MCMXCIV", "iv", "03"]);
        assert_eq!([f(1, "ordinal"), f(12, "ordinal"), f(23, "ordinal")], ["1st", "12th", "23rd"]);
        let chinese = [10, 11, 20, 105, 110, 1010, 3456].map(|n| f(n, "chineseCounting"));
        assert_eq!(chinese, ["十", "十一", "二十", "一百零五", "一百一十", "一千零一十", "三千四百五十六"]);
        assert_eq!([f(10_001, "chineseCounting"), f(21, "japaneseCounting")], ["一万零一", "二十一"]);
        assert_eq!([f(111, "japaneseCounting"), f(3, "ideographTraditional")], ["百十一", "丙"]);
        assert_eq!([f(3, "decimalEnclosedCircle"), f(21, "decimalEnclosedCircle")], ["③", "21"]);
        assert_eq!([f(12, "decimalFullWidth"), f(2, "ganada"), f(40, "ganada")], ["１２", "나", "40"]);
        assert_eq!([f(0, "lowerLetter"), f(-3, "upperRoman"), f(5, "no such format")], ["0", "-3", "5"]);
    }
}
