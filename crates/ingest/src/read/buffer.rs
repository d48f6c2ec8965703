//! Bytes that are read into the place of others: no zeros are written where bytes of a file are about to stand.

use std::io::{ErrorKind, Read};
use std::ops::Deref;

/// Bytes, and behind them room that once was of others.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Buffer {
    /// Takes the place of a text that is done with, beginning with some bytes.
    pub fn beginning(mut place: Vec<u8>, bytes: &[u8]) -> Self {
        if place.len() < bytes.len() {
            place.resize(bytes.len(), 0);
        }
        place[..bytes.len()].copy_from_slice(bytes);
        Self { bytes: place, filled: bytes.len() }
    }

    /// The first bytes as a text of their own.
    pub fn into_text(mut self, length: usize) -> Vec<u8> {
        self.bytes.truncate(length);
        self.bytes
    }

    /// Forgets the first bytes.
    pub fn drop_front(&mut self, count: usize) {
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// Forgets all bytes but the first.
    pub fn truncate(&mut self, length: usize) {
        self.filled = self.filled.min(length);
    }

    /// Reads so many bytes behind those that are there; `false` if there are no more.
    pub fn read(&mut self, input: &mut impl Read, count: usize) -> std::io::Result<bool> {
        let end = self.filled + count;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        while self.filled < end {
            match input.read(&mut self.bytes[self.filled..end]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time and is interrupted before each.
    struct Halting<'t>(&'t [u8], bool);

    impl Read for Halting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(ErrorKind::Interrupted.into()) } else { self.0.read(&mut buffer[..1]) }
        }
    }

    #[test]
    fn what_was_there_before_is_never_seen() {
        let mut input = Halting(b"abcdefgh", false);
        let mut buffer = Buffer::beginning(b"an old text".to_vec(), b"12");
        assert_eq!(&*buffer, b"12");
        assert!(buffer.read(&mut input, 3).unwrap());
        assert_eq!(&*buffer, b"12abc");
        buffer.drop_front(3);
        assert_eq!(&*buffer, b"bc");
        buffer.truncate(1);
        // Beyond what the old text had, and beyond the end.
        assert!(!buffer.read(&mut input, 20).unwrap());
        assert_eq!(&*buffer, b"bdefgh");
        assert_eq!(buffer.into_text(4), b"bdef");
        assert_eq!(&*Buffer::beginning(Vec::new(), b"xyz"), b"xyz");
    }
}
