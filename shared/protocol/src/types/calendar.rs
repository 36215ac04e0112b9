//! Dates and times in text form.

/// A day in the Gregorian calendar, whether it exists or not.
#[derive(Clone, Copy)]
struct Date {
    year: u32,
    month: u32,
    day: u32,
}

/// Whether this is a date of birth: `YYYY-MM-DD`, where the year may be `0000`, or `YYYY` (OpenID Connect Core §5.1).
#[must_use]
pub fn is_birthdate(text: &str) -> bool {
    if text.len() == 4 {
        return digits(text).is_some();
    }
    // Without a year, any day that exists in some year.
    date(text).is_some_and(|date| Date { year: if date.year == 0 { 2000 } else { date.year }, ..date }.exists())
}

/// The whole seconds since the epoch of a date and time with its offset, such as `2026-01-02T03:04:05.678Z` (RFC 3339
/// §5.6). `None` for a time before the epoch.
#[must_use]
pub fn seconds_of(text: &str) -> Option<u64> {
    let (day, rest) = text.split_once(['T', 't'])?;
    let day = date(day).filter(|day| day.exists())?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let [hour, minute, second] = fields(clock, ':')?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    let of_day = i64::from(hour * 3600 + minute * 60 + second);
    let since = day.since_epoch().checked_mul(86_400)?.checked_add(of_day)?;
    u64::try_from(since.checked_sub(offset(zone)?)?).ok()
}

/// The offset from UTC in seconds: `Z`, or hours and minutes.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * i64::from(hours * 3600 + minutes * 60))
}

/// The day of `YYYY-MM-DD`.
fn date(text: &str) -> Option<Date> {
    let (year, day) = text.split_at_checked(4)?;
    let (month, day) = day.strip_prefix('-')?.split_once('-')?;
    Some(Date { year: digits(year)?, month: two(month)?, day: two(day)? })
}

fn fields(text: &str, separator: char) -> Option<[u32; 3]> {
    let mut parts = text.split(separator).map(two);
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

fn two(text: &str) -> Option<u32> {
    digits(text).filter(|_| text.len() == 2)
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl Date {
    const fn exists(self) -> bool {
        let Self { year, month, day } = self;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        day >= 1 && day <= last
    }

    /// Days since the epoch. Years are counted from March, so that a leap day is the last of its year.
    fn since_epoch(self) -> i64 {
        let (year, month, day) = (i64::from(self.year), i64::from(self.month), i64::from(self.day));
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        before_year + (153 * month + 2) / 5 + day - 1 - 719_468
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_its_offset() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1969-12-31T19:00:00-05:00", Some(0)),
            ("2000-02-29T12:34:56Z", Some(951_827_696)),
            ("2026-01-02t03:04:05.678z", Some(1_767_323_045)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("1990-12-31T23:59:60Z", Some(662_688_000)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-02-29T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-01-00T00:00:00Z", None),
            ("2026-01-02T24:00:00Z", None),
            ("2026-01-02T00:60:00Z", None),
            ("2026-01-02T00:00:61Z", None),
            ("2026-01-02T00:00:00", None),
            ("2026-01-02T00:00:00Zx", None),
            ("2026-01-02T00:00:00.Zx", None),
            ("2026-01-02T00:00:00+0100", None),
            ("2026-01-02T00:00:00+24:00", None),
            ("2026-01-02 00:00:00Z", None),
            ("2026-1-2T00:00:00Z", None),
            ("2026-01-02T0:00:00Z", None),
            ("2026-01-02T00:00:0\u{e9}Z", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds_of(text), expected, "{text}");
        }
    }

    #[test]
    fn a_birthdate_is_an_existing_day() {
        for good in ["1980-01-31", "2000-02-29", "0000-02-29", "1980", "0000-12-31"] {
            assert!(is_birthdate(good), "{good}");
        }
        for bad in ["1900-02-29", "1980-04-31", "1980-13-01", "1980-01-32", "1980-01-00", "80", "1980-1-1", "198O", ""]
        {
            assert!(!is_birthdate(bad), "{bad}");
        }
    }
}
