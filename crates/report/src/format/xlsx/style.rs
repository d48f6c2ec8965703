//! How cells look: number formats by currency, and four looks.

use std::collections::HashMap;

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

/// What a cell holds, as far as its format goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Text,
    /// Text that begins like a formula.
    Quoted,
    /// Text above figures.
    Heading,
    /// A number of more digits than a workbook's numbers have.
    LongNumber,
    Money {
        places: u8,
        currency: String,
    },
    Number {
        places: u8,
    },
    Day,
}

/// What part a cell plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Look {
    Plain,
    /// Titles and what must be seen.
    Strong,
    /// The line above columns.
    Header,
    /// The head of a block of lines.
    Block,
    /// What stands there for completeness.
    Muted,
    /// To be filled in.
    Input,
    /// Text that runs over its neighbours.
    Intro,
}

/// Formats, each made once.
#[derive(Default)]
pub(super) struct Styles {
    formats: HashMap<(Kind, Look), Format>,
}

impl Styles {
    pub(super) fn of(&mut self, kind: Kind, look: Look) -> &Format {
        self.formats.entry((kind, look)).or_insert_with_key(|(kind, look)| format(kind, *look))
    }
}

/// A light line under each row.
pub(super) fn between_rows() -> Format {
    Format::new().set_border_bottom(FormatBorder::Thin).set_border_bottom_color(Color::RGB(0x00C8_C8C8))
}

fn format(kind: &Kind, look: Look) -> Format {
    let base = Format::new().set_align(FormatAlign::Top);
    let base = match kind {
        Kind::Text => base,
        Kind::Quoted => base.set_quote_prefix(),
        Kind::Heading => base.set_align(FormatAlign::Right).set_indent(1),
        Kind::LongNumber => base.set_align(FormatAlign::Right),
        Kind::Money { places, currency } => base.set_num_format(money_format(*places, currency)),
        Kind::Number { places } => base.set_num_format(decimal_format(*places)),
        Kind::Day => base.set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
    };
    match look {
        Look::Plain => base.set_text_wrap(),
        Look::Strong => base.set_bold(),
        Look::Header => base
            .set_text_wrap()
            .set_bold()
            .set_background_color(Color::RGB(0x00DD_E6EE))
            .set_border_bottom(FormatBorder::Thin),
        Look::Block => base.set_bold().set_background_color(Color::RGB(0x00F2_F2F2)),
        Look::Muted => base.set_text_wrap().set_font_color(Color::RGB(0x0059_5959)),
        Look::Input => base
            .set_text_wrap()
            .set_background_color(Color::RGB(0x00FF_F8DC))
            .set_border(FormatBorder::Hair)
            .set_border_color(Color::RGB(0x00B0_B0B0)),
        Look::Intro => base,
    }
}

/// `#,##0.00" USD"_ `. What is not an ISO code came from data and is kept out of the format.
fn money_format(places: u8, currency: &str) -> String {
    let plain = decimal_format(places);
    let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code { format!("{}\" {currency}\"_ ", plain.trim_end_matches("_ ")) } else { plain }
}

/// With room at its right, so that a number does not touch the text beside it.
fn decimal_format(places: u8) -> String {
    if places == 0 { "#,##0_ ".to_owned() } else { format!("#,##0.{}_ ", "0".repeat(usize::from(places))) }
}
