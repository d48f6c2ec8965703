//! One record out of a buffer, by the rules of quoting; nothing is copied but what was escaped.

use super::split::Syntax;

/// A field longer than this is taken for an unclosed quote.
pub(super) const FIELD_MAX: usize = 1 << 20;
/// Marks a field that lies in the unescaped tail.
const TAIL: u32 = 1 << 31;

/// What stands at a place of the buffer.
pub(super) enum Parsed {
    Record { end: usize, next: usize, newlines: u64 },
    Incomplete,
    TooLong,
}

/// One record from `from`, without consuming it.
pub(super) fn parse(
    buffer: &[u8],
    from: usize,
    syntax: &Syntax,
    ended: bool,
    fields: &mut Vec<(u32, u32)>,
    tail: &mut Vec<u8>,
) -> Parsed {
    let (delimiter, quote) = (syntax.delimiter, syntax.quote);
    let text = &buffer[from..];
    let mut start = 0;
    let mut newlines = 0;
    let (mut quoted, mut closed, mut escaped) = (false, None, false);
    let hits = memchr::memchr3_iter(delimiter, b'\n', quote.unwrap_or(b'\n'), text);
    let mut skip = usize::MAX;
    for at in hits {
        let byte = text[at];
        if at == skip {
            continue;
        }
        if quoted {
            if Some(byte) == quote {
                match text.get(at + 1) {
                    Some(next) if Some(*next) == quote => {
                        escaped = true;
                        skip = at + 1;
                    }
                    None if !ended => return incomplete(text.len() - start),
                    _ => {
                        quoted = false;
                        closed = Some(at);
                    }
                }
            } else if byte == b'\n' {
                newlines += 1;
                if at - start > FIELD_MAX {
                    return Parsed::TooLong;
                }
            }
            continue;
        }
        if byte == delimiter || byte == b'\n' {
            if at - start > FIELD_MAX {
                return Parsed::TooLong;
            }
            let mut end = at;
            if byte == b'\n' && end > start && text[end - 1] == b'\r' {
                end -= 1;
            }
            fields.push(field((buffer, from), quote, (start, end), closed, escaped, tail));
            if byte == b'\n' {
                let end = from + if at > 0 && text[at - 1] == b'\r' { at - 1 } else { at };
                return Parsed::Record { end, next: from + at + 1, newlines: newlines + 1 };
            }
            start = at + 1;
            (closed, escaped) = (None, false);
        } else if at == start {
            quoted = true;
        }
    }
    if !ended {
        return incomplete(text.len() - start);
    }
    if text.len() - start > FIELD_MAX || quoted {
        return Parsed::TooLong;
    }
    fields.push(field((buffer, from), quote, (start, text.len()), closed, escaped, tail));
    let end = buffer.len();
    Parsed::Record { end, next: end, newlines }
}

fn incomplete(field: usize) -> Parsed {
    if field > FIELD_MAX { Parsed::TooLong } else { Parsed::Incomplete }
}

/// The range of a field: inside its quotes, or unescaped into the tail.
fn field(
    (buffer, from): (&[u8], usize),
    quote: Option<u8>,
    (start, end): (usize, usize),
    closed: Option<usize>,
    escaped: bool,
    tail: &mut Vec<u8>,
) -> (u32, u32) {
    let Some(closed) = closed else { return (index(from + start), index(from + end)) };
    if !escaped && closed + 1 >= end {
        return (index(from + start + 1), index(from + closed));
    }
    let quote = quote.unwrap_or(b'"');
    let begin = index(tail.len()) | TAIL;
    let mut inside = buffer[from + start + 1..from + end].iter().peekable();
    let mut open = true;
    while let Some(byte) = inside.next() {
        if *byte == quote && open {
            match inside.peek() {
                Some(next) if **next == quote => {
                    tail.push(quote);
                    inside.next();
                }
                _ => open = false,
            }
        } else {
            tail.push(*byte);
        }
    }
    (begin, index(tail.len()) | TAIL)
}

/// The bytes of a field, in the buffer or in the tail.
pub(super) fn bytes<'a>(buffer: &'a [u8], tail: &'a [u8], (start, end): (u32, u32)) -> &'a [u8] {
    if start & TAIL == 0 {
        &buffer[start as usize..end as usize]
    } else {
        &tail[(start & !TAIL) as usize..(end & !TAIL) as usize]
    }
}

/// Turns a place in the tail into one behind the raw text.
pub(super) fn untail(range: &mut (u32, u32), raw: u32) {
    if range.0 & TAIL != 0 {
        *range = ((range.0 & !TAIL) + raw, (range.1 & !TAIL) + raw);
    }
}

/// Batches are far below 2 GiB, so a position always fits.
pub(super) fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
