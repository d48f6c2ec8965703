//! Civil dates and half-open periods; no clock, no time zone (that is settled while reading).

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil;

/// A civil day, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

/// The text is not a date or a period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not {1}")]
pub struct DateError(pub String, pub &'static str);

const EPOCH: civil::Date = civil::date(1970, 1, 1);

impl Date {
    /// The day of a proleptic Gregorian year, month and day; `None` if there is no such day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Self::from_civil)
    }

    /// From the library's civil date.
    pub fn from_civil(date: civil::Date) -> Self {
        let days = (date - EPOCH).get_days();
        Self(days)
    }

    /// The library's civil date. Days outside years -9999…9999 are clamped; no reader produces them.
    pub fn civil(self) -> civil::Date {
        EPOCH.checked_add(self.0.days()).unwrap_or(if self.0 < 0 { civil::Date::MIN } else { civil::Date::MAX })
    }

    /// Calendar year.
    pub fn year(self) -> i16 {
        self.civil().year()
    }

    /// Month, 1 to 12.
    pub fn month(self) -> i8 {
        self.civil().month()
    }

    /// Day of the month.
    pub fn day(self) -> i8 {
        self.civil().day()
    }

    /// `days` later (earlier if negative).
    pub fn add_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// `months` later; the day is clamped to the month's last (31 January + 1 month = 28 or 29 February).
    pub fn add_months(self, months: i32) -> Self {
        self.civil().checked_add(months.months()).map_or(self, Self::from_civil)
    }

    /// The first day of the month.
    pub fn month_start(self) -> Self {
        Self::from_civil(self.civil().first_of_month())
    }

    /// The last day of the month (inclusive, as on a calendar).
    pub fn month_end(self) -> Self {
        Self::from_civil(self.civil().last_of_month())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.civil().fmt(formatter)
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// ISO 8601 `YYYY-MM-DD` only.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.to_owned(), "a date (write 2026-10-31)");
        if text.len() != 10 {
            return Err(wrong());
        }
        text.parse::<civil::Date>().map(Self::from_civil).map_err(|_| wrong())
    }
}

/// A half-open span of days `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// The day after the last.
    pub to: Date,
}

impl Period {
    /// As people write it, where it is a month, quarter or year; else both days.
    pub fn name(self) -> String {
        let from = self.from;
        let month = format!("{:04}-{:02}", from.year(), from.month());
        let quarter = format!("{:04}Q{}", from.year(), (from.month() - 1) / 3 + 1);
        let year = format!("{:04}", from.year());
        let is = |name: &String| name.parse::<Self>() == Ok(self);
        [month, quarter, year].into_iter().find(is).unwrap_or_else(|| format!("{}/{}", self.from, self.to))
    }

    /// True for a day inside.
    pub fn contains(self, day: Date) -> bool {
        self.from <= day && day < self.to
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} to {}", self.from, self.to.add_days(-1))
    }
}

impl FromStr for Period {
    type Err = DateError;

    /// `2026-10` (month), `2026Q4` (quarter), `2026` (year), `2026-10-01/2026-11-01` (half-open).
    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.to_owned(), "a period (write 2026-10, 2026Q4, 2026 or 2026-10-01/2026-11-01)");
        if let Some((from, to)) = text.split_once('/') {
            let (from, to) = (from.parse::<Date>()?, to.parse::<Date>()?);
            return if from < to { Ok(Self { from, to }) } else { Err(wrong()) };
        }
        let year = text.get(..4).and_then(|year| year.parse::<i16>().ok()).ok_or_else(wrong)?;
        let (month, months) = match text.get(4..).ok_or_else(wrong)? {
            "" => (1, 12),
            rest => match (rest.strip_prefix('Q'), rest.strip_prefix('-')) {
                (Some(quarter), _) => match quarter {
                    "1" => (1, 3),
                    "2" => (4, 3),
                    "3" => (7, 3),
                    "4" => (10, 3),
                    _ => return Err(wrong()),
                },
                (None, Some(month)) if month.len() == 2 => (month.parse::<i8>().map_err(|_| wrong())?, 1),
                _ => return Err(wrong()),
            },
        };
        let from = Date::from_ymd(year, month, 1).ok_or_else(wrong)?;
        Ok(Self { from, to: from.add_months(months) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_count_from_the_epoch() {
        assert_eq!(date("1970-01-01"), Date(0));
        assert_eq!(date("1969-12-31"), Date(-1));
        assert_eq!(date("2024-02-29").to_string(), "2024-02-29");
        assert!("2023-02-29".parse::<Date>().is_err());
        assert!("20230228".parse::<Date>().is_err());
    }

    #[test]
    fn months_clamp_to_their_last_day() {
        assert_eq!(date("2024-01-31").add_months(1), date("2024-02-29"));
        assert_eq!(date("2024-03-31").add_months(-1), date("2024-02-29"));
        assert_eq!(date("2026-02-10").month_end(), date("2026-02-28"));
    }

    #[test]
    fn periods_are_half_open() {
        let october: Period = "2026-10".parse().unwrap();
        assert!(october.contains(date("2026-10-31")) && !october.contains(date("2026-11-01")));
        assert_eq!("2026Q4".parse::<Period>().unwrap().to, date("2027-01-01"));
        assert_eq!("2026".parse::<Period>().unwrap().from, date("2026-01-01"));
        assert!("2026-13".parse::<Period>().is_err() && "2026Q5".parse::<Period>().is_err());
        assert!("2026-10-02/2026-10-01".parse::<Period>().is_err());
    }
}
