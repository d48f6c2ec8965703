//! One pass over a file: bytes as received are hashed and counted, then decompressed, then decoded to UTF-8.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Gzip,
    Zstd,
    Parquet,
}

/// A file being read.
pub(crate) struct Opened {
    /// Decoded bytes.
    pub reader: Box<dyn Read + Send>,
    pub kind: Kind,
    /// True if an offset in the decoded bytes is one in the file (after `mark` bytes).
    pub seekable: bool,
    /// Bytes of the byte order mark.
    pub mark: u64,
    tally: Arc<Mutex<Tally>>,
}

#[derive(Default)]
struct Tally {
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Opened {
    /// Bytes read so far, as received; a handle that works while the reader is elsewhere.
    pub fn meter(&self) -> impl Fn() -> u64 + Send + 'static {
        let tally = Arc::clone(&self.tally);
        move || tally.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// BLAKE3 of what was read, which is the whole file once the reader has ended.
    pub fn hash(&self) -> impl Fn() -> (String, u64) + Send + 'static {
        let tally = Arc::clone(&self.tally);
        move || {
            let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            (tally.hasher.finalize().to_hex().to_string(), tally.bytes)
        }
    }
}

/// Opens a file; `encoding` is a WHATWG label, UTF-8 (or what a mark says) if not stated.
pub(crate) fn open(path: &Path, encoding: &'static Encoding) -> io::Result<Opened> {
    let mut file = File::open(path)?;
    let mut magic = Vec::with_capacity(4);
    (&mut file).take(4).read_to_end(&mut magic)?;
    let kind = match magic.as_slice() {
        [0x1f, 0x8b, ..] => Kind::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Kind::Zstd,
        b"PAR1" => Kind::Parquet,
        _ => Kind::Plain,
    };
    let tally = Arc::new(Mutex::new(Tally::default()));
    let counted = Counted { inner: Cursor::new(magic).chain(file), tally: Arc::clone(&tally) };
    let mut bytes: Box<dyn Read + Send> = match kind {
        Kind::Plain | Kind::Parquet => Box::new(counted),
        Kind::Gzip => Box::new(flate2::read::MultiGzDecoder::new(counted)),
        Kind::Zstd => Box::new(zstd::stream::read::Decoder::new(counted)?),
    };
    if kind == Kind::Parquet {
        return Ok(Opened { reader: bytes, kind, seekable: false, mark: 0, tally });
    }
    let mut start = Vec::with_capacity(3);
    (&mut bytes).take(3).read_to_end(&mut start)?;
    let (encoding, mark) = match Encoding::for_bom(&start) {
        Some((marked, length)) => (marked, length),
        None => (encoding, 0),
    };
    let bytes = Cursor::new(start.split_off(mark)).chain(bytes);
    let seekable = kind == Kind::Plain && encoding == UTF_8;
    let reader: Box<dyn Read + Send> = if encoding == UTF_8 {
        Box::new(bytes)
    } else {
        Box::new(Decoded {
            inner: bytes,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: Vec::new(),
            ended: false,
            output: Vec::new(),
            given: 0,
            line: 1,
        })
    };
    Ok(Opened { reader, kind, seekable, mark: mark as u64, tally })
}

struct Counted<R> {
    inner: R,
    tally: Arc<Mutex<Tally>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.hasher.update(&buffer[..read]);
        tally.bytes += read as u64;
        Ok(read)
    }
}

/// A streaming decoder; malformed input is an error with the line, never a replacement character.
struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    ended: bool,
    output: Vec<u8>,
    given: usize,
    line: u64,
}

/// Bytes that are not valid in the stated encoding, at this line.
#[derive(Debug, thiserror::Error)]
#[error("not valid in the stated encoding at line {0}")]
pub(crate) struct Malformed(pub u64);

impl<R: Read> Decoded<R> {
    fn refill(&mut self) -> io::Result<()> {
        const STEP: usize = 1 << 16;
        let mut chunk = vec![0; STEP];
        let read = self.inner.read(&mut chunk)?;
        self.ended = read == 0;
        self.input.extend_from_slice(&chunk[..read]);
        self.output.clear();
        self.given = 0;
        let mut consumed = 0;
        loop {
            let room =
                self.decoder.max_utf8_buffer_length_without_replacement(self.input.len() - consumed).unwrap_or(STEP);
            let filled = self.output.len();
            self.output.resize(filled + room, 0);
            let (result, used, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.input[consumed..],
                &mut self.output[filled..],
                self.ended,
            );
            consumed += used;
            self.output.truncate(filled + written);
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let lines = memchr::memchr_iter(b'\n', &self.output).count() as u64;
                    return Err(io::Error::new(io::ErrorKind::InvalidData, Malformed(self.line + lines)));
                }
            }
        }
        self.input.drain(..consumed);
        self.line += memchr::memchr_iter(b'\n', &self.output).count() as u64;
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let length = buffer.len().min(self.output.len() - self.given);
        buffer[..length].copy_from_slice(&self.output[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn read(bytes: &[u8], encoding: &'static Encoding) -> io::Result<String> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(bytes)?;
        let mut text = String::new();
        open(file.path(), encoding)?.reader.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn encodings_arrive_as_utf8() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("é,ß\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read(&utf16, UTF_8).unwrap(), "é,ß\n");
        assert_eq!(read(b"\xef\xbb\xbfa", UTF_8).unwrap(), "a");
        assert_eq!(read(b"\xe9,\x80", encoding_rs::WINDOWS_1252).unwrap(), "é,€");
        assert!(read(b"\xff\xfea\0\n\0\0\xd8", UTF_8).is_err(), "a lone surrogate");
    }

    #[test]
    fn compressed_streams_of_several_members_are_read_to_the_end() {
        let mut bytes = Vec::new();
        for part in ["a,b\n", "1,2\n"] {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(part.as_bytes()).unwrap();
            bytes.extend(encoder.finish().unwrap());
        }
        assert_eq!(read(&bytes, UTF_8).unwrap(), "a,b\n1,2\n");
        let error = read(&bytes[..bytes.len() - 5], UTF_8).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let packed = zstd::stream::encode_all(b"a,b\n1,2\n".as_slice(), 1).unwrap();
        assert_eq!(read(&packed, UTF_8).unwrap(), "a,b\n1,2\n");
        assert!(read(&packed[..packed.len() - 3], UTF_8).is_err());
    }
}
