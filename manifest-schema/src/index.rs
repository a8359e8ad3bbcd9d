//! The geometry of a payload: which pages and blocks it has, in which order they are stored, and
//! which page holds which hash.
//!
//! ```text
//! several blocks:  | page 0 | blocks 0 to 30 | page 1 | blocks 31 to 61 | ... | last page | its blocks |
//! one block:       | block 0 |
//! ```
//!
//! A page holds 32-byte hashes. As long as more than 32 blocks remain, it holds those of the next 31
//! blocks and then the hash of the next page; the last page holds those of all that remain. So pages
//! other than the last are always 1024 bytes long and stand at equal distances.

use crate::limits::{DIGEST_LEN, MAX_BLOCK_SIZE, MIN_BLOCK_SIZE, PAGE_ENTRIES, PAGE_LEN};
use crate::manifest::Payload;

/// Begins what the hash of a block is taken over.
pub const BLOCK_DOMAIN: [u8; 4] = *b"SPB1";

/// Begins what the hash of an index page is taken over.
pub const PAGE_DOMAIN: [u8; 4] = *b"SPP1";

/// Bytes that are hashed ahead of a block or a page: domain, payload number, item number.
pub const PREFIX_LEN: usize = 12;

/// Blocks of a page that is followed by another page: the last entry is the next page's hash.
const LINKED_BLOCKS: u32 = PAGE_ENTRIES - 1;

/// Bytes of one hash in a page.
const ENTRY_LEN: u32 = 32;
const _: () = assert!(DIGEST_LEN == 32 && PAGE_ENTRIES * ENTRY_LEN == PAGE_LEN);

/// The geometry of one payload. All lengths and offsets are in bytes.
///
/// ```
/// use sprag_manifest::{Codec, Digest, Index, Item, Needs, Payload, Role};
///
/// let payload = Payload {
///     role: Role::Full,
///     source: None,
///     codec: Codec::Stored,
///     size: 10_000,
///     block_size: 4096,
///     root: Digest([0; 32]),
///     checkpoint_interval: 0,
///     in_place_group: 0,
///     in_place_shift: 0,
///     needs: Needs { workspace: 0, ram: 8192, scratch: 0, erases: 1, min_operations: 0, min_work: 0 },
/// };
/// let index = Index::new(&payload);
/// let items: Vec<_> = index.items().map(|placed| (placed.item, placed.offset, placed.len)).collect();
/// assert_eq!(
///     items,
///     [
///         (Item::Page(0), 0, 96),
///         (Item::Block(0), 96, 4096),
///         (Item::Block(1), 4192, 4096),
///         (Item::Block(2), 8288, 1808),
///     ]
/// );
/// assert_eq!(index.stored_len(), 10_096);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    size: u32,
    block_size: u32,
    block_count: u32,
    page_count: u32,
}

/// A page or a block, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// An index page.
    Page(u32),
    /// A block of the encoded payload.
    Block(u32),
}

/// An item and where it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The item.
    pub item: Item,
    /// Its offset from the start of the payload, pages included.
    pub offset: u64,
    /// Its length: at most 1024 for a page, the block size for a block.
    pub len: u32,
}

impl Placed {
    /// The offset behind the item.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.len))
    }
}

impl Index {
    /// The geometry of `payload`, from its size and its block size.
    ///
    /// A payload that no decoder lets through (size 0, block size out of range) has no items at all.
    #[must_use]
    pub fn new(payload: &Payload) -> Self {
        let Payload {
            size, block_size, ..
        } = *payload;
        let valid = (MIN_BLOCK_SIZE..=MAX_BLOCK_SIZE).contains(&block_size);
        let block_count = if valid { size.div_ceil(block_size) } else { 0 };
        // With n > 1 blocks: the last page takes up to 32, each other page 31.
        let page_count = match block_count {
            0 | 1 => 0,
            count => count.saturating_sub(1).div_ceil(LINKED_BLOCKS),
        };
        let size = if valid { size } else { 0 };
        Self {
            size,
            block_size,
            block_count,
            page_count,
        }
    }

    /// The number of blocks.
    #[must_use]
    pub const fn block_count(&self) -> u32 {
        self.block_count
    }

    /// The number of pages: 0 if there is one block.
    #[must_use]
    pub const fn page_count(&self) -> u32 {
        self.page_count
    }

    /// The number of pages and blocks together.
    #[must_use]
    pub const fn item_count(&self) -> u32 {
        self.page_count.saturating_add(self.block_count)
    }

    /// Length of page `page`, or `None` if there is no such page.
    #[must_use]
    pub fn page_len(&self, page: u32) -> Option<u32> {
        let after = self.page_count.checked_sub(page)?.checked_sub(1)?;
        if after > 0 {
            return Some(PAGE_LEN);
        }
        let before = page.checked_mul(LINKED_BLOCKS)?;
        self.block_count.checked_sub(before)?.checked_mul(ENTRY_LEN)
    }

    /// Length of block `block`, or `None` if there is no such block.
    #[must_use]
    pub fn block_len(&self, block: u32) -> Option<u32> {
        if block >= self.block_count {
            return None;
        }
        let left = self.size.checked_sub(block.checked_mul(self.block_size)?)?;
        Some(left.min(self.block_size))
    }

    /// The page that holds the hash of block `block`; `None` if there is no such block, or no page
    /// because the root is that block's hash.
    #[must_use]
    pub fn page_of_block(&self, block: u32) -> Option<u32> {
        let last = self.page_count.checked_sub(1)?;
        (block < self.block_count).then(|| last.min(block.checked_div(LINKED_BLOCKS).unwrap_or(0)))
    }

    /// Offset of the hash of block `block` in its page.
    #[must_use]
    pub fn block_hash_offset(&self, block: u32) -> Option<u32> {
        let before = self.page_of_block(block)?.checked_mul(LINKED_BLOCKS)?;
        block.checked_sub(before)?.checked_mul(ENTRY_LEN)
    }

    /// Offset of the hash of the next page in page `page`; `None` in the last page.
    #[must_use]
    pub fn next_page_hash_offset(&self, page: u32) -> Option<u32> {
        let after = self.page_count.checked_sub(page)?;
        (after > 1).then_some(LINKED_BLOCKS.saturating_mul(ENTRY_LEN))
    }

    /// Length of the payload as it is stored: its encoded bytes and its pages.
    #[must_use]
    pub fn stored_len(&self) -> u64 {
        let entries = match self.page_count.checked_sub(1) {
            None => 0,
            // One entry for each block, and one for each page but the first.
            Some(links) => u64::from(self.block_count).saturating_add(u64::from(links)),
        };
        u64::from(self.size).saturating_add(entries.saturating_mul(u64::from(ENTRY_LEN)))
    }

    /// Bytes of RAM that hold the largest page: 0 without pages.
    #[must_use]
    pub fn page_buffer_len(&self) -> u32 {
        match self.page_count {
            0 => 0,
            _ => self.block_count.min(PAGE_ENTRIES).saturating_mul(ENTRY_LEN),
        }
    }

    /// Bytes of RAM that hold the largest block.
    #[must_use]
    pub fn block_buffer_len(&self) -> u32 {
        self.size.min(self.block_size)
    }

    /// The first item: page 0, or the block if there is only one. `None` only for a payload that no
    /// decoder lets through.
    #[must_use]
    pub fn first(&self) -> Option<Placed> {
        self.item(0)
    }

    /// The item stored behind `item`.
    #[must_use]
    pub fn next(&self, item: Item) -> Option<Placed> {
        self.item(self.ordinal(item)?.checked_add(1)?)
    }

    /// Item number `ordinal` in the order of storage, from 0.
    #[must_use]
    pub fn item(&self, ordinal: u32) -> Option<Placed> {
        let Some(last) = self.page_count.checked_sub(1) else {
            return self.block(ordinal);
        };
        let page = ordinal.checked_div(PAGE_ENTRIES)?.min(last);
        match ordinal
            .checked_sub(page.checked_mul(PAGE_ENTRIES)?)?
            .checked_sub(1)
        {
            None => self.page(page),
            Some(after) => self.block(page.checked_mul(LINKED_BLOCKS)?.checked_add(after)?),
        }
    }

    /// The number of `item` in the order of storage; the inverse of [`Index::item`].
    #[must_use]
    pub fn ordinal(&self, item: Item) -> Option<u32> {
        match item {
            Item::Page(page) if page < self.page_count => page.checked_mul(PAGE_ENTRIES),
            Item::Page(_) => None,
            Item::Block(block) if block < self.block_count => {
                // One page more than the number of the block's page stands before it.
                let pages = self
                    .page_of_block(block)
                    .map_or(Some(0), |page| page.checked_add(1))?;
                block.checked_add(pages)
            }
            Item::Block(_) => None,
        }
    }

    /// Where page `page` is stored.
    #[must_use]
    pub fn page(&self, page: u32) -> Option<Placed> {
        let len = self.page_len(page)?;
        // All pages before it are whole, and so are their blocks.
        let stride = u64::from(LINKED_BLOCKS)
            .checked_mul(u64::from(self.block_size))?
            .checked_add(u64::from(PAGE_LEN))?;
        let offset = u64::from(page).checked_mul(stride)?;
        Some(Placed {
            item: Item::Page(page),
            offset,
            len,
        })
    }

    /// Where block `block` is stored.
    #[must_use]
    pub fn block(&self, block: u32) -> Option<Placed> {
        let len = self.block_len(block)?;
        let offset = match self.page_of_block(block) {
            None => 0,
            Some(page) => {
                let before = block.checked_sub(page.checked_mul(LINKED_BLOCKS)?)?;
                let blocks = u64::from(before).checked_mul(u64::from(self.block_size))?;
                self.page(page)?.end().checked_add(blocks)?
            }
        };
        Some(Placed {
            item: Item::Block(block),
            offset,
            len,
        })
    }

    /// The item that holds the byte at `offset` of the stored payload; `None` behind its end.
    #[must_use]
    pub fn item_at(&self, offset: u64) -> Option<Placed> {
        if offset >= self.stored_len() {
            return None;
        }
        let Some(last) = self.page_count.checked_sub(1) else {
            return self.block(0);
        };
        let stride = self.page(1).map_or(u64::MAX, |next| next.offset);
        let page = u32::try_from(offset.checked_div(stride)?)
            .unwrap_or(u32::MAX)
            .min(last);
        let placed = self.page(page)?;
        let Some(behind) = offset.checked_sub(placed.end()) else {
            return Some(placed);
        };
        let nth = u32::try_from(behind.checked_div(u64::from(self.block_size))?).ok()?;
        self.block(page.checked_mul(LINKED_BLOCKS)?.checked_add(nth)?)
    }

    /// All items in the order of storage.
    #[must_use]
    pub const fn items(&self) -> Items {
        Items {
            index: *self,
            ordinal: 0,
        }
    }
}

/// Iterator over the items of a payload in the order of storage.
#[derive(Clone, Debug)]
pub struct Items {
    index: Index,
    ordinal: u32,
}

impl Iterator for Items {
    type Item = Placed;

    fn next(&mut self) -> Option<Placed> {
        let placed = self.index.item(self.ordinal)?;
        self.ordinal = self.ordinal.checked_add(1)?;
        Some(placed)
    }
}

/// What is hashed ahead of the bytes of a block: `"SPB1"`, payload number, block number.
#[must_use]
pub fn block_prefix(payload: u32, block: u32) -> [u8; PREFIX_LEN] {
    prefix(BLOCK_DOMAIN, payload, block)
}

/// What is hashed ahead of the bytes of a page: `"SPP1"`, payload number, page number.
#[must_use]
pub fn page_prefix(payload: u32, page: u32) -> [u8; PREFIX_LEN] {
    prefix(PAGE_DOMAIN, payload, page)
}

fn prefix(domain: [u8; 4], payload: u32, number: u32) -> [u8; PREFIX_LEN] {
    let [a, b, c, d] = domain;
    let [e, f, g, h] = payload.to_le_bytes();
    let [i, j, k, l] = number.to_le_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

#[cfg(test)]
mod tests;
