//! A workbook as a person fills it in: the sheet's XML gets a cell, everything else stays as it was written.

use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use calamine::{Data, Range, Reader as _, Xlsx};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The cells of a sheet.
pub fn sheet(file: &Path, name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(fs::read(file).unwrap())).unwrap();
    book.worksheet_range(name).unwrap()
}

/// The row of the header, and its columns by name.
pub fn header(range: &Range<Data>) -> (u32, Vec<String>) {
    let (_, width) = range.end().unwrap();
    let text = |row, column| range.get_value((row, column)).map_or(String::new(), ToString::to_string);
    let row = (0..50).find(|row| text(*row, 0) == "No.").unwrap();
    (row, (0..=width).map(|column| text(row, column)).collect())
}

/// Writes a text into a cell of the sheet Findings; `row` counts findings from 1.
pub fn write(file: &Path, row: u32, column: &str, cell: &str) {
    let (top, columns) = header(&sheet(file, "Findings"));
    let index = columns.iter().position(|name| name == column).unwrap();
    let place = format!("{}{}", letters(index), top + row + 1);
    let mut archive = ZipArchive::new(Cursor::new(fs::read(file).unwrap())).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let sheet_file = path_of(&mut archive);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if name == sheet_file {
            bytes = with_cell(&String::from_utf8(bytes).unwrap(), &place, cell).into_bytes();
        }
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    fs::write(file, out.finish().unwrap().into_inner()).unwrap();
}

/// Sheets are numbered in their order.
fn path_of(archive: &mut ZipArchive<Cursor<Vec<u8>>>) -> String {
    let mut text = String::new();
    archive.by_name("xl/workbook.xml").unwrap().read_to_string(&mut text).unwrap();
    let names: Vec<_> = text.split("<sheet name=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    format!("xl/worksheets/sheet{}.xml", names.iter().position(|name| *name == "Findings").unwrap() + 1)
}

/// The old cell's style stays.
fn with_cell(xml: &str, place: &str, cell: &str) -> String {
    let start = xml.find(&format!("<c r=\"{place}\"")).unwrap_or_else(|| panic!("no cell {place}"));
    let tag = start + xml[start..].find('>').unwrap();
    let end = if xml[..tag].ends_with('/') { tag + 1 } else { start + xml[start..].find("</c>").unwrap() + 4 };
    let style = xml[start..tag].split("s=\"").nth(1).map_or("0", |rest| rest.split('"').next().unwrap());
    let escaped = cell.replace('&', "&amp;").replace('<', "&lt;");
    let new = format!("<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t>{escaped}</t></is></c>");
    format!("{}{new}{}", &xml[..start], &xml[end..])
}

fn letters(index: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at).unwrap());
    if index < 26 { letter(index).to_string() } else { format!("{}{}", letter(index / 26 - 1), letter(index % 26)) }
}
