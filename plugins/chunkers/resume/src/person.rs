//! What can be told of a person without a label: e-mail addresses, telephone numbers, names.

/// The e-mail addresses of a text.
pub(crate) fn emails(text: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let front = text[..at].len() - text[..at].trim_end_matches(is_part).len();
        let behind: usize = text[at + 1..].chars().take_while(|c| is_part(*c)).map(char::len_utf8).sum();
        let domain = text[at + 1..at + 1 + behind].trim_end_matches(['.', '-', '_']);
        let known =
            domain.rsplit('.').next().is_some_and(|end| end.len() > 1 && end.bytes().all(|b| b.is_ascii_alphabetic()));
        if front > 0 && domain.contains('.') && known {
            found.push(&text[at - front..at + 1 + domain.len()]);
        }
    }
    found
}

/// A telephone number: mobile numbers of China, and numbers with a country's code or brackets.
pub(crate) fn phone(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.');
    text.split(|c: char| !is_part(c)).map(|run| run.trim_matches(['-', '.', ' '])).find_map(|run| {
        let digits: String = run.chars().filter(char::is_ascii_digit).collect();
        let mobile = digits.len() == 11 && digits.starts_with('1') && digits.as_bytes()[1] >= b'3';
        let marked = run.starts_with(['+', '(']) && (8..=15).contains(&digits.len());
        (mobile || marked || is_grouped(run, &digits)).then(|| run.to_owned())
    })
}

/// `555-123-4567`, and not a span of years.
fn is_grouped(run: &str, digits: &str) -> bool {
    let groups: Vec<usize> = run.split(['-', '.', ' ']).map(str::len).collect();
    digits.len() == 10 && groups == [3, 3, 4]
}

/// The first surnames of China, the two-character ones first.
const SURNAMES: &str = "欧阳 司马 上官 诸葛 王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝";

/// Whether a text is a person's name: two to four Chinese characters with a surname, or two to four capitalised words.
pub(crate) fn is_name(text: &str) -> bool {
    let joined: String = text.split_whitespace().collect();
    let chars: Vec<char> = joined.chars().collect();
    if chars.iter().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(c)) {
        let first = chars.first().is_some_and(|c| SURNAMES.contains(*c));
        return first && (2..=4).contains(&chars.len());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let capital = |word: &&str| {
        word.chars().next().is_some_and(char::is_uppercase)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'))
    };
    (2..=4).contains(&words.len()) && words.iter().all(capital)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons() {
        assert_eq!(emails("mail: ada.l@example.org, x@y"), ["ada.l@example.org"]);
        assert_eq!(phone("电话 138-0000-1234").as_deref(), Some("138-0000-1234"));
        assert_eq!(phone("+44 20 7946 0958").as_deref(), Some("+44 20 7946 0958"));
        assert_eq!(phone("(555) 123-4567").as_deref(), Some("(555) 123-4567"));
        assert_eq!(phone("555-123-4567").as_deref(), Some("555-123-4567"));
        assert_eq!(phone("2015-2018"), None);
        assert!(is_name("Ada Lovelace") && is_name("王小明") && is_name("王 明") && !is_name("教育背景"));
        assert!(!is_name("work Experience") && !is_name("One"));
    }
}
