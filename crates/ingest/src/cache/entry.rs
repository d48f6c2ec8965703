//! The container: blocks one after the other, then what they are, each with its length and its BLAKE3.
//!
//! `tieout` and a version, the blocks, the contents as JSON, the contents' length and hash. Nothing in it is used before
//! its hash is right, so that a file that was cut, overwritten or made by somebody else is as good as none.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::contents::Contents;

/// First bytes of every entry.
const MAGIC: [u8; 8] = *b"tieout\0\x1a";
/// Length and hash of the contents.
const FOOT: u64 = 8 + 32;

/// Files that are not done yet.
pub(super) const DRAFT: &str = ".draft-";

/// The place of a block among the blocks.
pub(super) type BlockId = usize;

/// Length and hash of a block.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub length: u64,
    pub hash: String,
}

/// Why an entry cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntryError {
    /// It is not there, or the disk fails.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not what was written.
    #[error("it is damaged")]
    Damaged,
}

/// An entry being written.
pub(super) struct Draft {
    file: BufWriter<NamedTempFile>,
    blocks: Vec<Block>,
}

/// An entry being read.
pub(super) struct Entry {
    file: File,
    pub contents: Contents,
    blocks: Vec<Block>,
    /// Where each block begins.
    starts: Vec<u64>,
}

impl Draft {
    /// Begins a file in a folder.
    pub fn new(folder: &Path, version: u32) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 20, tempfile::Builder::new().prefix(DRAFT).tempfile_in(folder)?);
        file.write_all(&head(version))?;
        Ok(Self { file, blocks: Vec::new() })
    }

    /// Writes a block.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<BlockId> {
        self.file.write_all(bytes)?;
        self.blocks.push(Block { length: bytes.len() as u64, hash: blake3::hash(bytes).to_hex().to_string() });
        Ok(self.blocks.len() - 1)
    }

    /// Writes the contents and puts the file into its place. It is not forced onto the disk: what a lost machine leaves of it
    /// is noticed like any other damage.
    pub fn finish(mut self, mut contents: Contents, path: &Path) -> io::Result<()> {
        contents.blocks = self.blocks;
        let text = serde_json::to_vec(&contents)?;
        self.file.write_all(&text)?;
        self.file.write_all(&(text.len() as u64).to_le_bytes())?;
        self.file.write_all(blake3::hash(&text).as_bytes())?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.persist(path)?;
        Ok(())
    }
}

impl Entry {
    /// Opens an entry and reads its contents.
    pub fn open(path: &Path, version: u32) -> Result<Self, EntryError> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut start = [0; 12];
        file.read_exact(&mut start).map_err(short)?;
        if start != head(version) {
            return Err(EntryError::Damaged);
        }
        let foot = size.checked_sub(FOOT).ok_or(EntryError::Damaged)?;
        file.seek(SeekFrom::Start(foot))?;
        let (mut length, mut hash) = ([0; 8], [0; 32]);
        file.read_exact(&mut length).map_err(short)?;
        file.read_exact(&mut hash).map_err(short)?;
        let from = foot.checked_sub(u64::from_le_bytes(length)).ok_or(EntryError::Damaged)?;
        let text = read(&mut file, from, foot - from)?;
        if blake3::hash(&text) != blake3::Hash::from_bytes(hash) {
            return Err(EntryError::Damaged);
        }
        let mut contents: Contents = serde_json::from_slice(&text).map_err(|_| EntryError::Damaged)?;
        let blocks = std::mem::take(&mut contents.blocks);
        let mut starts = Vec::with_capacity(blocks.len());
        let mut next = start.len() as u64;
        for block in &blocks {
            starts.push(next);
            next = next.checked_add(block.length).ok_or(EntryError::Damaged)?;
        }
        if next == from { Ok(Self { file, contents, blocks, starts }) } else { Err(EntryError::Damaged) }
    }

    /// The bytes of a block, not yet proven; with what proves them.
    pub fn raw(&mut self, id: BlockId) -> Result<Raw, EntryError> {
        let (Some(block), Some(start)) = (self.blocks.get(id), self.starts.get(id)) else {
            return Err(EntryError::Damaged);
        };
        Ok(Raw { bytes: read(&mut self.file, *start, block.length)?, hash: block.hash.clone() })
    }

    /// The bytes of a block.
    pub fn block(&mut self, id: BlockId) -> Result<Vec<u8>, EntryError> {
        self.raw(id)?.proven().ok_or(EntryError::Damaged)
    }
}

/// Bytes and the hash that they should have.
pub(super) struct Raw {
    bytes: Vec<u8>,
    hash: String,
}

impl Raw {
    /// The bytes, if they are what was written.
    pub fn proven(self) -> Option<Vec<u8>> {
        (blake3::hash(&self.bytes).to_hex().as_str() == self.hash).then_some(self.bytes)
    }
}

fn head(version: u32) -> [u8; 12] {
    let mut head = [0; 12];
    head[..8].copy_from_slice(&MAGIC);
    head[8..].copy_from_slice(&version.to_le_bytes());
    head
}

/// The end of the file where there should be more is damage, not a failure of the disk.
fn short(error: io::Error) -> EntryError {
    if error.kind() == io::ErrorKind::UnexpectedEof { EntryError::Damaged } else { EntryError::Io(error) }
}

fn read(file: &mut File, from: u64, length: u64) -> Result<Vec<u8>, EntryError> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(|_| EntryError::Damaged)?);
    file.seek(SeekFrom::Start(from))?;
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(EntryError::Damaged) }
}
