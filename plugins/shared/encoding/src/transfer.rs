//! Bytes written as text: base64 and quoted-printable, read as mail programs read them.

/// What base64 text says. Everything that is no digit of base64 is passed over, and so is what follows the padding of a
/// text that was put together from several: damage costs the bytes it hit, not the rest.
pub fn base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                // The group ends here, whatever it held.
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        count += 1;
        if count > 1 {
            // Two digits give the first byte, each further one another.
            let shift = 6 - 2 * (count - 1);
            bytes.push((bits >> shift) as u8);
        }
        if count == 4 {
            (bits, count) = (0, 0);
        }
    }
    bytes
}

/// What quoted-printable text says. An escape that is none stays as written.
pub fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|b| *b == b'\n') {
        let (body, end) = match line {
            [body @ .., b'\r', b'\n'] => (body, &b"\r\n"[..]),
            [body @ .., b'\n'] => (body, &b"\n"[..]),
            body => (body, &b""[..]),
        };
        // Blanks at the end of a line were put there on the way.
        let length = body.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |at| at + 1);
        let mut rest = &body[..length];
        let soft = rest.last() == Some(&b'=');
        if soft {
            rest = &rest[..length - 1];
        }
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            match (first, after) {
                (b'=', [high, low, more @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    bytes.push(hex(*high) << 4 | hex(*low));
                    rest = more;
                }
                _ => bytes.push(*first),
            }
        }
        if !soft {
            bytes.extend_from_slice(end);
        }
    }
    bytes
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_is_read_past_damage() {
        assert_eq!(base64(b"SGFyYm91cg=="), b"Harbour");
        assert_eq!(base64(b"SGFy\r\n Ym91 cg"), b"Harbour");
        assert_eq!(base64(b"SGFyYm91cg==SGFyYm91cg=="), b"HarbourHarbour");
        assert_eq!(base64(b"-_8"), [0xfb, 0xff]);
        assert_eq!(base64(b"=A"), b"");
    }

    #[test]
    fn quoted_printable_keeps_what_it_cannot_read() {
        assert_eq!(quoted_printable(b"caf=C3=A9 =\r\nau lait  \r\n100=% =3d"), "café au lait\r\n100=% =".as_bytes());
        assert_eq!(quoted_printable(b"a=\n\nb="), b"a\nb");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(base64(&bytes).len() <= bytes.len());
            prop_assert!(quoted_printable(&bytes).len() <= bytes.len());
        }
    }
}
