//! Text → civil day by strptime-like formats compiled once; timestamps become local civil days.
//!
//! A library parser costs microseconds a cell and accepts more than was declared. This one knows the fixed directives
//! and nothing else; time zones are the library's.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tieout_model::Date;

/// A compiled format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateFormat(Vec<Item>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Year4,
    Year2,
    Month,
    MonthName,
    Day,
    Hour,
    Hour12,
    Half,
    Minute,
    Second,
    Fraction,
    Zone,
    UnixSeconds,
    Literal(u8),
}

/// Zone of timestamps without an offset, and the zone whose days count.
#[derive(Clone, Debug)]
pub(crate) struct Zones {
    pub source: TimeZone,
    pub local: TimeZone,
}

/// How a source writes dates.
#[derive(Clone, Debug)]
pub(crate) struct DateRules {
    pub formats: Vec<DateFormat>,
    pub zones: Option<Zones>,
    /// The source states the last day; one is added.
    pub inclusive: bool,
}

#[derive(Default)]
struct Parts {
    year: Option<i16>,
    month: i8,
    day: i8,
    hour: i64,
    minute: i64,
    second: i64,
    timed: bool,
    afternoon: Option<bool>,
    offset: Option<i64>,
    unix: Option<i64>,
}

const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
const FULL: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

impl Item {
    fn is_digits(self) -> bool {
        !matches!(self, Self::Literal(_) | Self::MonthName | Self::Half | Self::Zone | Self::Fraction)
    }
}

impl DateFormat {
    /// Compiles a format; the error names the directive that is not known.
    pub fn compile(format: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut bytes = format.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                items.push(Item::Literal(byte));
                continue;
            }
            match bytes.next() {
                Some(b'Y') => items.push(Item::Year4),
                Some(b'y') => items.push(Item::Year2),
                Some(b'm') => items.push(Item::Month),
                Some(b'b' | b'B' | b'h') => items.push(Item::MonthName),
                Some(b'd' | b'e') => items.push(Item::Day),
                Some(b'H' | b'k') => items.push(Item::Hour),
                Some(b'I') => items.push(Item::Hour12),
                Some(b'p') => items.push(Item::Half),
                Some(b'M') => items.push(Item::Minute),
                Some(b'S') => items.push(Item::Second),
                Some(b'f') => items.push(Item::Fraction),
                Some(b'z' | b'Z') => items.push(Item::Zone),
                Some(b's') => items.push(Item::UnixSeconds),
                Some(b'F') => {
                    items.extend([Item::Year4, Item::Literal(b'-'), Item::Month, Item::Literal(b'-'), Item::Day])
                }
                Some(b'T') => {
                    items.extend([Item::Hour, Item::Literal(b':'), Item::Minute, Item::Literal(b':'), Item::Second])
                }
                Some(b'%') => items.push(Item::Literal(b'%')),
                Some(other) => return Err(format!("%{}", char::from(other))),
                None => return Err("%".to_owned()),
            }
        }
        let has = |item: Item| items.contains(&item);
        let dated =
            (has(Item::Year4) || has(Item::Year2)) && (has(Item::Month) || has(Item::MonthName)) && has(Item::Day);
        if dated || has(Item::UnixSeconds) { Ok(Self(items)) } else { Err("no year, month and day".to_owned()) }
    }

    fn read(&self, cell: &[u8]) -> Option<Parts> {
        let mut parts = Parts::default();
        let mut rest = cell;
        for (index, item) in self.0.iter().enumerate() {
            // A field with another one directly beside it has a fixed width (`%Y%m%d`).
            let beside = |other: Option<&Item>| other.is_some_and(|other| other.is_digits());
            let tight =
                beside(self.0.get(index + 1)) || beside(index.checked_sub(1).and_then(|before| self.0.get(before)));
            match item {
                Item::Literal(byte) => rest = rest.strip_prefix(std::slice::from_ref(byte))?,
                Item::Year4 => parts.year = Some(i16::try_from(number(&mut rest, 4, 4)?).ok()?),
                Item::Year2 => parts.year = Some(i16::try_from(2000 + number(&mut rest, 2, 2)?).ok()?),
                Item::Month => parts.month = small(&mut rest, tight)?,
                Item::Day => parts.day = small(&mut rest, tight)?,
                Item::MonthName => parts.month = month(&mut rest)?,
                Item::Hour | Item::Hour12 => {
                    parts.hour = i64::from(small(&mut rest, tight)?);
                    parts.timed = true;
                }
                Item::Minute => parts.minute = i64::from(small(&mut rest, tight)?),
                Item::Second => {
                    parts.second = i64::from(small(&mut rest, tight)?);
                    fraction(&mut rest);
                }
                Item::Fraction => {
                    fraction(&mut rest);
                }
                Item::Half => parts.afternoon = Some(half(&mut rest)?),
                Item::Zone => parts.offset = Some(offset(&mut rest)?),
                Item::UnixSeconds => {
                    let (text, sign) = rest.strip_prefix(b"-").map_or((rest, 1), |text| (text, -1));
                    rest = text;
                    parts.unix = Some(sign * number(&mut rest, 1, 12)?);
                    fraction(&mut rest);
                }
            }
        }
        (rest.is_empty() && parts.hour < 25 && parts.minute < 60 && parts.second < 61).then_some(parts)
    }
}

impl DateRules {
    /// True if a cell is first tried as `2026-10-31`, whose day no zone moves.
    pub fn begins_with_iso(&self) -> bool {
        let iso = [Item::Year4, Item::Literal(b'-'), Item::Month, Item::Literal(b'-'), Item::Day];
        self.formats.first().is_some_and(|format| format.0 == iso)
    }

    /// The civil day of a cell in days since 1970-01-01, `None` if no format fits.
    pub fn parse(&self, cell: &[u8]) -> Option<i32> {
        let day = self.formats.iter().find_map(|format| self.day(&format.read(cell)?))?;
        if self.inclusive { day.checked_add(1) } else { Some(day) }
    }

    fn day(&self, parts: &Parts) -> Option<i32> {
        if let Some(unix) = parts.unix {
            return self.local(unix);
        }
        let day = days(parts.year?, parts.month, parts.day)?;
        let Some(zones) = self.zones.as_ref().filter(|_| parts.timed) else { return Some(day) };
        let hour = match parts.afternoon {
            Some(afternoon) => parts.hour % 12 + if afternoon { 12 } else { 0 },
            None => parts.hour,
        };
        let wall = i64::from(day) * 86_400 + hour * 3_600 + parts.minute * 60 + parts.second;
        let instant = match parts.offset {
            Some(offset) => wall - offset,
            None => {
                let civil = Date(day)
                    .civil()
                    .at(0, 0, 0, 0)
                    .checked_add(jiff::Span::new().try_seconds(wall - i64::from(day) * 86_400).ok()?)
                    .ok()?;
                zones.source.to_ambiguous_zoned(civil).compatible().ok()?.timestamp().as_second()
            }
        };
        self.local(instant)
    }

    fn local(&self, instant: i64) -> Option<i32> {
        let offset = match &self.zones {
            Some(zones) => i64::from(zones.local.to_offset(Timestamp::from_second(instant).ok()?).seconds()),
            None => 0,
        };
        i32::try_from((instant + offset).div_euclid(86_400)).ok()
    }
}

/// Days since 1970-01-01 of the proleptic Gregorian calendar (Hinnant's algorithm); `None` if there is no such day.
pub(crate) fn days(year: i16, month: i8, day: i8) -> Option<i32> {
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let (year, month, day) = (i32::from(year) - i32::from(month <= 2), i32::from(month), i32::from(day));
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn number(rest: &mut &[u8], least: usize, most: usize) -> Option<i64> {
    let mut value = 0i64;
    let mut taken = 0;
    while taken < most
        && let Some(byte) = rest.get(taken)
        && byte.is_ascii_digit()
    {
        value = value * 10 + i64::from(byte - b'0');
        taken += 1;
    }
    if taken < least {
        return None;
    }
    *rest = &rest[taken..];
    Some(value)
}

fn small(rest: &mut &[u8], tight: bool) -> Option<i8> {
    let value = number(rest, if tight { 2 } else { 1 }, 2)?;
    i8::try_from(value).ok()
}

fn month(rest: &mut &[u8]) -> Option<i8> {
    let letters = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
    let name = rest[..letters].to_ascii_lowercase();
    let index = MONTHS
        .iter()
        .position(|short| name == short.as_slice())
        .or_else(|| FULL.iter().position(|full| name == *full))?;
    *rest = &rest[letters..];
    i8::try_from(index + 1).ok()
}

fn fraction(rest: &mut &[u8]) {
    let Some(digits) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) else { return };
    let taken = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    if taken > 0 {
        *rest = &digits[taken..];
    }
}

fn half(rest: &mut &[u8]) -> Option<bool> {
    let (word, after) = rest.split_at_checked(2)?;
    let afternoon = match word.to_ascii_lowercase().as_slice() {
        b"am" => false,
        b"pm" => true,
        _ => return None,
    };
    *rest = after;
    Some(afternoon)
}

/// `Z`, `UTC`, `+02`, `+0200`, `+02:00`; none at the end of the cell is UTC.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    for utc in [b"Z".as_slice(), b"UTC", b"GMT"] {
        if let Some(after) = rest.strip_prefix(utc) {
            *rest = after;
            return Some(0);
        }
    }
    let sign = match rest.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    *rest = &rest[1..];
    let hours = number(rest, 2, 2)?;
    *rest = rest.strip_prefix(b":").unwrap_or(rest);
    let minutes = number(rest, 2, 2).unwrap_or(0);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(formats: &[&str]) -> DateRules {
        let formats = formats.iter().map(|format| DateFormat::compile(format).unwrap()).collect();
        DateRules { formats, zones: None, inclusive: false }
    }

    fn shown(rules: &DateRules, cell: &str) -> Option<String> {
        rules.parse(cell.as_bytes()).map(|day| Date(day).to_string())
    }

    #[test]
    fn formats_read_what_they_declare() {
        let cases = [
            ("%Y-%m-%d", "2026-10-31", Some("2026-10-31")),
            ("%Y-%m-%d", "2026-10-31 ", None),
            ("%Y-%m-%d", "2026-02-29", None),
            ("%Y-%m-%d", "2024-02-29", Some("2024-02-29")),
            ("%Y%m%d", "20061001", Some("2006-10-01")),
            ("%Y%m%d", "2006101", None),
            ("%m/%d/%Y", "1/5/2026", Some("2026-01-05")),
            ("%d.%m.%y", "05.01.26", Some("2026-01-05")),
            ("%d-%b-%Y", "05-JAN-2026", Some("2026-01-05")),
            ("%B %d, %Y", "January 5, 2026", Some("2026-01-05")),
            ("%Y-%m-%d %H:%M:%S", "2021-01-18 6:16:26", Some("2021-01-18")),
            ("%Y-%m-%dT%H:%M:%S%z", "2021-01-18T06:16:26.123Z", Some("2021-01-18")),
            ("%m/%d/%Y %I:%M %p", "1/5/2026 11:30 PM", Some("2026-01-05")),
            ("%s", "1700000000", Some("2023-11-14")),
        ];
        for (format, cell, expected) in cases {
            assert_eq!(shown(&rules(&[format]), cell).as_deref(), expected, "{format} {cell}");
        }
        assert_eq!(DateFormat::compile("%Y-%q"), Err("%q".to_owned()));
        assert!(DateFormat::compile("%Y-%m").is_err());
    }

    #[test]
    fn days_agree_with_the_library() {
        for (year, month, day) in [(1970, 1, 1), (1969, 12, 31), (2000, 2, 29), (2400, 12, 31), (1, 1, 1)] {
            assert_eq!(days(year, month, day), Date::from_ymd(year, month, day).map(|date| date.0));
        }
        assert_eq!(days(1900, 2, 29), None);
    }

    #[test]
    fn timestamps_become_local_days() {
        let zones = Zones { source: TimeZone::UTC, local: TimeZone::get("America/Chicago").unwrap() };
        let mut rules = rules(&["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]);
        rules.zones = Some(zones);
        // Chicago is UTC-5 in July and UTC-6 in January.
        assert_eq!(shown(&rules, "2026-07-01 04:59:59").as_deref(), Some("2026-06-30"));
        assert_eq!(shown(&rules, "2026-07-01 05:00:00").as_deref(), Some("2026-07-01"));
        assert_eq!(shown(&rules, "2026-01-01 05:59:59").as_deref(), Some("2025-12-31"));
        assert_eq!(shown(&rules, "2026-01-01T00:00:00-06:00").as_deref(), Some("2026-01-01"));
        assert_eq!(shown(&rules, "2026-01-01").as_deref(), Some("2026-01-01"), "a day is not shifted");
    }
}
