//! Which rows of a view have a key, found by the key.

use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashTable;

use super::vector::{NO_ROW, NO_SMALL, Vector, wide};

/// The rows of a view by their key; rows with a missing key are not in it.
#[derive(Debug)]
pub(super) struct Index {
    keys: Vec<Arc<Vector>>,
    heads: Heads,
    /// The next row with the same key, in order; empty if no key stands twice.
    next: Vec<u32>,
}

/// The first row of a key.
#[derive(Debug)]
enum Heads {
    /// By the code of the only key, a text.
    Direct(Vec<u32>),
    Hashed(HashTable<u32>),
}

impl Index {
    /// Over all rows of some key columns.
    pub fn new(keys: Vec<Arc<Vector>>, rows: usize) -> Self {
        let mut next = vec![NO_ROW; rows];
        let mut repeats = false;
        let heads = match keys.as_slice() {
            [key] if matches!(key.as_ref(), Vector::Code(_)) => {
                let codes = super::compute::codes(key);
                direct(codes, &mut next, &mut repeats).unwrap_or_else(|| hashed(&keys, &mut next, &mut repeats))
            }
            _ => hashed(&keys, &mut next, &mut repeats),
        };
        if !repeats {
            next = Vec::new();
        }
        Self { keys, heads, next }
    }

    /// Whether a key stands on more than one row.
    pub fn repeats(&self) -> bool {
        !self.next.is_empty()
    }

    /// Bytes in use, without the keys.
    pub fn bytes(&self) -> usize {
        let heads = match &self.heads {
            Heads::Direct(all) => all.len() * size_of::<u32>(),
            Heads::Hashed(table) => table.capacity() * (size_of::<u32>() + 1),
        };
        heads + self.next.len() * size_of::<u32>()
    }

    /// The first row with the key that stands in a row of other columns.
    pub fn head<K: AsRef<Vector>>(&self, keys: &[K], row: usize) -> Option<u32> {
        match &self.heads {
            Heads::Direct(heads) => {
                let code = super::compute::codes(keys[0].as_ref())[row];
                heads.get(code as usize).copied().filter(|head| *head != NO_ROW)
            }
            Heads::Hashed(table) => {
                let hash = hash_of(keys, row)?;
                let same = |own: &u32| {
                    self.keys.iter().zip(keys).all(|(own_key, key)| equal(own_key, *own as usize, key.as_ref(), row))
                };
                table.find(hash, same).copied()
            }
        }
    }

    /// The next row with the same key.
    pub fn after(&self, row: u32) -> Option<u32> {
        self.next.get(row as usize).copied().filter(|next| *next != NO_ROW)
    }

    /// All rows with the key that stands in a row of other columns, in order.
    pub fn all<'i, K: AsRef<Vector>>(&'i self, keys: &[K], row: usize) -> impl Iterator<Item = u32> + use<'i, K> {
        std::iter::successors(self.head(keys, row), |row| self.after(*row))
    }

    /// The row of each key where there is just one.
    pub fn find(&self, keys: &[Rc<Vector>]) -> Vec<u32> {
        let keys: Vec<&Vector> = keys.iter().map(Rc::as_ref).collect();
        let keys: Vec<Ref<'_>> = keys.into_iter().map(Ref).collect();
        if let (Heads::Direct(heads), Vector::Code(codes)) = (&self.heads, keys[0].0)
            && self.next.is_empty()
        {
            return codes.iter().map(|code| heads.get(*code as usize).copied().unwrap_or(NO_ROW)).collect();
        }
        let one = |row: usize| {
            let head = self.head(&keys, row)?;
            self.after(head).is_none().then_some(head)
        };
        (0..keys[0].0.len()).map(|row| one(row).unwrap_or(NO_ROW)).collect()
    }

    /// How many rows each key has; missing for none.
    pub fn counts(&self, keys: &[Rc<Vector>]) -> Vec<i64> {
        let keys: Vec<Ref<'_>> = keys.iter().map(|key| Ref(key.as_ref())).collect();
        let one = |row: usize| match self.all(&keys, row).count() {
            0 => NO_SMALL,
            count => i64::try_from(count).unwrap_or(i64::MAX),
        };
        (0..keys[0].0.len()).map(one).collect()
    }

    /// The first row of each key, in order of rows.
    pub fn firsts(&self) -> Vec<u32> {
        let mut firsts: Vec<u32> = match &self.heads {
            Heads::Direct(heads) => heads.iter().copied().filter(|head| *head != NO_ROW).collect(),
            Heads::Hashed(table) => table.iter().copied().collect(),
        };
        firsts.sort_unstable();
        firsts
    }
}

/// A borrowed vector.
pub(super) struct Ref<'v>(pub &'v Vector);

impl AsRef<Vector> for Ref<'_> {
    fn as_ref(&self) -> &Vector {
        self.0
    }
}

impl AsRef<Vector> for Vector {
    fn as_ref(&self) -> &Vector {
        self
    }
}

/// By code, unless the codes are so few among all that a table is smaller.
fn direct(codes: &[u32], next: &mut [u32], repeats: &mut bool) -> Option<Heads> {
    let largest = codes.iter().copied().filter(|code| *code != NO_ROW).max().unwrap_or(0) as usize;
    if largest > 8 * codes.len() + 1024 {
        return None;
    }
    let mut heads = vec![NO_ROW; largest + 1];
    // From the end, so that every chain is in order.
    for (row, &code) in codes.iter().enumerate().rev().filter(|(_, code)| **code != NO_ROW) {
        let head = &mut heads[code as usize];
        *repeats |= *head != NO_ROW;
        next[row] = *head;
        *head = u32::try_from(row).unwrap_or(NO_ROW);
    }
    Some(Heads::Direct(heads))
}

fn hashed(keys: &[Arc<Vector>], next: &mut [u32], repeats: &mut bool) -> Heads {
    let mut table: HashTable<u32> = HashTable::with_capacity(next.len().min(1 << 20));
    for row in (0..next.len()).rev() {
        let Some(hash) = hash_of(keys, row) else { continue };
        let number = u32::try_from(row).unwrap_or(NO_ROW);
        let same = |own: &u32| keys.iter().all(|key| equal(key, *own as usize, key, row));
        match table.find_mut(hash, same) {
            Some(head) => {
                *repeats = true;
                next[row] = *head;
                *head = number;
            }
            None => {
                let again = |own: &u32| hash_of(keys, *own as usize).unwrap_or(0);
                table.insert_unique(hash, number, again);
            }
        }
    }
    Heads::Hashed(table)
}

/// What stands for a value where keys are hashed; `None` if it is missing.
pub(super) fn image(vector: &Vector, row: usize) -> Option<u64> {
    match vector {
        Vector::Code(all) => (all[row] != NO_ROW).then(|| u64::from(all[row])),
        Vector::Days(all) => (all[row] != super::vector::NO_DAY).then(|| u64::from(all[row].cast_unsigned())),
        Vector::Truth(all) => (all[row] != super::vector::UNKNOWN).then(|| u64::from(all[row])),
        Vector::Small(all) => (all[row] != NO_SMALL).then(|| all[row].cast_unsigned()),
        Vector::Wide(all) => {
            let units = all[row];
            (units != super::vector::NO_WIDE)
                .then(|| i64::try_from(units).map_or((units ^ (units >> 64)) as u64, i64::cast_unsigned))
        }
    }
}

/// A hash of a row's key; `None` if a part of it is missing.
fn hash_of<K: AsRef<Vector>>(keys: &[K], row: usize) -> Option<u64> {
    keys.iter().try_fold(0, |hash, key| Some(mix(hash, image(key.as_ref(), row)?)))
}

/// Takes a part of a key into a hash.
pub(super) fn mix(hash: u64, part: u64) -> u64 {
    let wide = u128::from(hash ^ 0x9E37_79B9_7F4A_7C15) * u128::from(part ^ 0xA076_1D64_78BD_642F);
    (wide >> 64) as u64 ^ wide as u64
}

/// Whether two present values are equal.
pub(super) fn equal(a: &Vector, at: usize, b: &Vector, bt: usize) -> bool {
    match (a, b) {
        (Vector::Code(a), Vector::Code(b)) => a[at] == b[bt],
        (Vector::Days(a), Vector::Days(b)) => a[at] == b[bt],
        (Vector::Truth(a), Vector::Truth(b)) => a[at] == b[bt],
        (Vector::Small(a), Vector::Small(b)) => a[at] == b[bt],
        (Vector::Wide(a), Vector::Wide(b)) => a[at] == b[bt],
        (Vector::Small(a), Vector::Wide(b)) => wide(a[at]) == b[bt],
        (Vector::Wide(a), Vector::Small(b)) => a[at] == wide(b[bt]),
        _ => false,
    }
}

/// Rows of rows.
pub(super) fn hop(index: &[u32], rows: &[u32]) -> Vec<u32> {
    rows.iter().map(|&row| if row == NO_ROW { NO_ROW } else { index[row as usize] }).collect()
}
