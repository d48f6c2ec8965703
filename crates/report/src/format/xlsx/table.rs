//! A table over as many sheets as it needs: the header again on each, nothing cut at a sheet's last row.

use rust_xlsxwriter::{ConditionalFormatFormula, DataValidation, Worksheet, XlsxError};

use super::cell::Cell;
use super::style::{Look, Styles, between_rows};

/// Points.
const LINE_HEIGHT: u32 = 15;
/// A row is 409 points high at most.
const LINES_MAX: u32 = 27;

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) header: String,
    /// In characters.
    pub(super) width: u16,
    pub(super) is_hidden: bool,
    /// True for figures, whose header stands at the right as they do.
    pub(super) is_figure: bool,
}

/// A shown column.
pub(super) fn column(header: impl Into<String>, width: u16) -> Column {
    Column { header: header.into(), width, is_hidden: false, is_figure: false }
}

/// A shown column of figures.
pub(super) fn figures(header: impl Into<String>, width: u16) -> Column {
    Column { is_figure: true, ..column(header, width) }
}

/// A column for programs.
pub(super) fn hidden(header: impl Into<String>) -> Column {
    Column { header: header.into(), width: 20, is_hidden: true, is_figure: false }
}

/// A finished sheet.
pub(super) struct Sheet {
    pub(super) name: String,
    /// Rows below the header.
    pub(super) rows: u32,
    pub(super) worksheet: Worksheet,
}

/// What all sheets of a workbook share.
pub(super) struct Setting {
    /// Left in the footer.
    pub(super) title: String,
    /// Right in the footer, behind the sheet's name.
    pub(super) maker: String,
    /// Rows of a sheet, at most.
    pub(super) rows_max: u32,
    pub(super) styles: Styles,
}

/// What a table is, before its lines.
pub(super) struct Spec {
    /// The sheet's name; further sheets have a number behind it.
    pub(super) name: &'static str,
    /// Lines above the header, on the first sheet.
    pub(super) intro: Vec<(Vec<Cell>, Look)>,
    pub(super) columns: Vec<Column>,
    /// What may be filled in, by column.
    pub(super) validations: Vec<(u16, DataValidation)>,
    /// Pages side by side on which all columns are printed.
    pub(super) pages_wide: u16,
}

/// A table that is being written.
pub(super) struct Table<'a> {
    setting: &'a mut Setting,
    spec: Spec,
    done: Vec<Sheet>,
    worksheet: Worksheet,
    header_row: u32,
    row: u32,
}

impl<'a> Table<'a> {
    /// Begins with lines above the header.
    pub(super) fn begin(setting: &'a mut Setting, spec: Spec) -> Result<Self, XlsxError> {
        let mut table = Self { setting, spec, done: Vec::new(), worksheet: Worksheet::new(), header_row: 0, row: 0 };
        table.open()?;
        Ok(table)
    }

    /// The sheet on which the next line comes, and its row from 0, if `lines` are to stay together.
    pub(super) fn place(&mut self, lines: u32) -> Result<(String, u32), XlsxError> {
        if self.row > self.header_row + 1 && self.row.saturating_add(lines) > self.setting.rows_max {
            self.close()?;
            self.open()?;
        }
        Ok((self.sheet_name(), self.row))
    }

    /// One line.
    pub(super) fn line(&mut self, cells: &[Cell], look: Look) -> Result<(), XlsxError> {
        self.place(1)?;
        self.write(cells, look)
    }

    /// The last sheet is closed, and all of them given back.
    pub(super) fn end(mut self) -> Result<Vec<Sheet>, XlsxError> {
        self.close()?;
        Ok(self.done)
    }

    fn sheet_name(&self) -> String {
        match self.done.len() {
            0 => self.spec.name.to_owned(),
            before => format!("{} {}", self.spec.name, before + 1),
        }
    }

    fn write(&mut self, cells: &[Cell], look: Look) -> Result<(), XlsxError> {
        let lines = match look {
            Look::Intro | Look::Strong => 1,
            // Bold letters are as wide as digits.
            Look::Header => {
                let widths = self.spec.columns.iter().map(|column| column.width.saturating_sub(1));
                cells.iter().zip(widths).map(|(cell, width)| cell.lines(width)).max().unwrap_or(1)
            }
            _ => cells.iter().zip(&self.spec.columns).map(|(cell, column)| cell.lines(column.width)).max().unwrap_or(1),
        };
        if lines > 1 {
            // Not every program measures wrapped text when it opens a file.
            self.worksheet.set_row_height(self.row, LINE_HEIGHT * lines.min(LINES_MAX))?;
        }
        for (column, cell) in (0u16..).zip(cells) {
            cell.write(&mut self.worksheet, &mut self.setting.styles, (self.row, column), look)?;
        }
        self.row += 1;
        Ok(())
    }

    fn open(&mut self) -> Result<(), XlsxError> {
        self.worksheet = Worksheet::new();
        self.row = 0;
        self.worksheet.set_name(self.sheet_name())?;
        for (column, spec) in (0u16..).zip(&self.spec.columns) {
            self.worksheet.set_column_width(column, spec.width)?;
            if spec.is_hidden {
                self.worksheet.set_column_hidden(column)?;
            }
        }
        for (cells, look) in std::mem::take(&mut self.spec.intro) {
            self.write(&cells, look)?;
        }
        self.header_row = self.row;
        let header = |column: &Column| match column.is_figure {
            true => Cell::Heading(column.header.clone()),
            false => Cell::text(column.header.as_str()),
        };
        let headers: Vec<_> = self.spec.columns.iter().map(header).collect();
        self.write(&headers, Look::Header)
    }

    fn close(&mut self) -> Result<(), XlsxError> {
        let mut worksheet = std::mem::replace(&mut self.worksheet, Worksheet::new());
        let (header, last) = (self.header_row, self.row - 1);
        let last_column = u16::try_from(self.spec.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        worksheet.set_freeze_panes(header + 1, 0)?;
        worksheet.autofilter(header, 0, last.max(header), last_column)?;
        worksheet.set_repeat_rows(header, header)?;
        if self.spec.pages_wide > 1 {
            worksheet.set_repeat_columns(0, 1)?;
        }
        worksheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(self.spec.pages_wide, 0);
        worksheet.set_margins(0.4, 0.4, 0.5, 0.7, 0.3, 0.3);
        let (title, maker) = (footer_text(&self.setting.title), footer_text(&self.setting.maker));
        worksheet.set_footer(format!("&L{title}&C&A, page &P of &N&R{maker}"));
        if last > header {
            // One rule draws the lines between rows, also under empty cells.
            let lines = ConditionalFormatFormula::new().set_rule("=TRUE").set_format(between_rows());
            worksheet.add_conditional_format(header + 1, 0, last, last_column, &lines)?;
        }
        for (column, validation) in &self.spec.validations {
            if last > header {
                worksheet.add_data_validation(header + 1, *column, last, *column, validation)?;
            }
        }
        self.done.push(Sheet { name: self.sheet_name(), rows: last - header, worksheet });
        Ok(())
    }
}

/// Data in a footer must not speak its language of codes.
fn footer_text(text: &str) -> String {
    let text: String = crate::layout::visible(text).chars().take(60).collect();
    text.replace('&', "&&")
}
