//! A digest of everything in a compiled mapping that decides what a file becomes: not where it is written, nor which of
//! its columns a run needs, nor what is derived from them later.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::convert::{CellRules, Kernel, Words};
use crate::plan::{ColumnPlan, FilePlan, TablePlan};

/// Raised whenever the same file and mapping give other rows, complaints or places than before, or an entry is written in
/// another way. A test holds what it gives for a file with everything in it.
pub(super) const CONVERTER: u32 = 1;

/// The digest, in hexadecimal.
pub(super) fn digest(plan: &FilePlan) -> String {
    let mut text = format!("tieout {} converter {CONVERTER} {}\n", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let FilePlan { syntax, encoding, tables } = plan;
    say(&mut text, &(syntax, encoding.name()));
    for table in tables {
        self::table(&mut text, table);
    }
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

fn say(text: &mut String, what: &dyn std::fmt::Debug) {
    // Writing to memory cannot fail.
    let _ = writeln!(text, "{what:?}");
}

fn table(text: &mut String, plan: &TablePlan) {
    // What the credit notes show settles their sign, which an entry states; a derivation reads what is stored.
    let TablePlan {
        population,
        columns,
        conditions,
        series,
        numbers: _,
        derive: _,
        credit_sign: _,
        document_type,
        fill_down,
        span: _,
        origin: _,
        float_places,
    } = plan;
    say(text, &(population, document_type, fill_down, float_places));
    for column in columns {
        self::column(text, column);
    }
    conditions.iter().for_each(|condition| say(text, &condition.says()));
    series.iter().for_each(|series| say(text, &series.says()));
}

fn column(text: &mut String, plan: &ColumnPlan) {
    let ColumnPlan {
        name,
        canonical,
        ty,
        required,
        stored: _,
        how,
        rules: CellRules { nulls, words, kernel },
        minor,
        optional,
        span: _,
        origin: _,
    } = plan;
    say(text, &(name, canonical, ty, required, how, minor, optional, nulls));
    if let Some(Words { exact, beginnings, default }) = words {
        say(text, &(exact.iter().collect::<BTreeMap<_, _>>(), beginnings, default));
    }
    say(text, kernel);
    if let Kernel::Date(rules) = kernel
        && let Some(zones) = &rules.zones
    {
        zone(text, &zones.source);
        zone(text, &zones.local);
    }
}

/// When the clocks of a zone change, which is other data on another machine.
fn zone(text: &mut String, zone: &TimeZone) {
    const YEAR: i64 = 31_556_952;
    let (from, to) = (Timestamp::from_second(-150 * YEAR), Timestamp::from_second(150 * YEAR));
    let (Ok(from), Ok(to)) = (from, to) else { return };
    say(text, &zone.to_offset(from));
    for change in zone.following(from).take_while(|change| change.timestamp() < to) {
        say(text, &(change.timestamp().as_second(), change.offset().seconds()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{compile, zones};
    use crate::profile::{SourceSpec, resolve};

    fn digest_of(toml: &str, zone: &str, needed: bool) -> String {
        let source: SourceSpec = toml::from_str(toml).unwrap();
        let source = source.with_text("tieout.toml", &toml.into());
        let tables = resolve(&source, std::path::Path::new("."), &[]).unwrap();
        let none = BTreeMap::new();
        let (plan, _) = compile(&tables, zones(zone, "UTC").ok().as_ref(), needed.then_some(&none));
        digest(&plan.unwrap())
    }

    #[test]
    fn what_decides_about_a_cell_decides_about_the_digest_and_nothing_else_does() {
        let usual = "population = 'payment'\npath = 'p.csv'\ncolumns = { payment_id = 'id', amount = 'amount', \
                     method = { header = 'kind', values = { a = 'x', b = 'y', c = 'z' } }, payment_date = 'day' }\n";
        let own = digest_of(usual, "UTC", false);
        assert_eq!(own, digest_of(&format!("# a comment\n\n{usual}control = {{ records = 1 }}\n"), "UTC", true));
        let others = [
            usual.replace("'id'", "'nr'"),
            usual.replace("c = 'z'", "c = 'w'"),
            format!("{usual}format = {{ decimal_mark = ',' }}\n"),
            format!("{usual}format = {{ null = ['-'] }}\n"),
            format!("{usual}format = {{ delimiter = ';' }}\n"),
            format!("{usual}format = {{ encoding = 'windows-1252' }}\n"),
            format!("{usual}format = {{ dates = ['%d.%m.%Y'] }}\n"),
            format!("{usual}where = [{{ header = 'amount', min = '1' }}]\n"),
            format!("{usual}where = [{{ header = 'amount', min = '2' }}]\n"),
            format!("{usual}series = [{{ name = 's', header = 'id', pattern = '{{number}}' }}]\n"),
            format!("{usual}series = [{{ name = 's', header = 'id', pattern = 'P{{number}}' }}]\n"),
        ];
        let mut digests: Vec<String> = others.iter().map(|other| digest_of(other, "UTC", false)).collect();
        digests.push(digest_of(usual, "America/Chicago", false));
        digests.push(own);
        let all = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), all);
    }
}
