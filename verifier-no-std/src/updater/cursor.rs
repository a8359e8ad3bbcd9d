//! Where in the payload the update is, and what the next page or block must hash to.

use sprag_manifest::{Digest, Index, Item, Placed};

use crate::error::Error;
use crate::hash::{block_hash, page_hash, same};
use crate::plan::Plan;

/// The position in the payload. The page that authenticates the blocks is the caller's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    index: Index,
    payload: u32,
    ordinal: u32,
    /// What the next page must hash to; or the only block, where there is no page.
    root: Digest,
}

impl Cursor {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            index: Index::new(&plan.payload),
            payload: plan.payload_number,
            ordinal: 0,
            root: plan.payload.root,
        }
    }

    pub(super) const fn ordinal(&self) -> u32 {
        self.ordinal
    }

    pub(super) const fn root(&self) -> Digest {
        self.root
    }

    /// Moves to a part that an earlier run had come to; `root` is what it had read the next page must hash to.
    pub(super) const fn resume(&mut self, ordinal: u32, root: Digest) {
        (self.ordinal, self.root) = (ordinal, root);
    }

    /// Whether `page`, which an earlier run read, can authenticate the block at the cursor: the first page is held
    /// against the signed root, those behind it have lost the page that named them.
    pub(super) fn is_believable(&self, page: &[u8], signed_root: &Digest) -> bool {
        let Some(Item::Block(block)) = self.part().map(|part| part.item) else {
            return false;
        };
        match (self.index.page_of_block(block), self.index.page(0)) {
            (Some(0), Some(first)) => {
                let len = usize::try_from(first.len).unwrap_or(usize::MAX);
                page.get(..len)
                    .is_some_and(|bytes| same(&page_hash(self.payload, 0, bytes), signed_root))
            }
            _ => true,
        }
    }

    pub(super) fn page_buffer_len(&self) -> u32 {
        self.index.page_buffer_len()
    }

    pub(super) const fn block_count(&self) -> u32 {
        self.index.block_count()
    }

    /// The part at the cursor; `None` behind the last.
    pub(super) fn part(&self) -> Option<Placed> {
        self.index.item(self.ordinal)
    }

    /// The block at the cursor, or the first behind the page at the cursor.
    pub(super) fn block(&self) -> u32 {
        match self.part().map(|part| part.item) {
            Some(Item::Block(block)) => block,
            Some(Item::Page(_)) => match self.index.item(self.ordinal.saturating_add(1)) {
                Some(Placed {
                    item: Item::Block(block),
                    ..
                }) => block,
                _ => self.block_count(),
            },
            None => self.block_count(),
        }
    }

    /// Checks the part at the cursor, whose bytes are at the front of its buffer.
    pub(super) fn check(&self, page: &[u8], block: &[u8]) -> Result<(), Error> {
        let part = self.part().ok_or(Error::WrongState)?;
        let len = usize::try_from(part.len).unwrap_or(usize::MAX);
        let good = match part.item {
            Item::Page(number) => page
                .get(..len)
                .is_some_and(|bytes| same(&page_hash(self.payload, number, bytes), &self.root)),
            Item::Block(number) => match (self.expected(number, page), block.get(..len)) {
                (Some(hash), Some(bytes)) => same(&block_hash(self.payload, number, bytes), &hash),
                _ => false,
            },
        };
        match (good, part.item) {
            (true, _) => Ok(()),
            (false, Item::Page(page)) => Err(Error::PageHash { page }),
            (false, Item::Block(block)) => Err(Error::BlockHash { block }),
        }
    }

    /// Moves behind the part at the cursor, which was checked. A page's link is what the next page must hash to.
    pub(super) fn advance(&mut self, page: &[u8]) {
        if let Some(Item::Page(number)) = self.part().map(|part| part.item) {
            let link = self.index.next_page_hash_offset(number);
            if let Some(root) = link.and_then(|offset| entry(page, offset)) {
                self.root = root;
            }
        }
        self.ordinal = self.ordinal.saturating_add(1);
    }

    fn expected(&self, block: u32, page: &[u8]) -> Option<Digest> {
        match self.index.page_count() {
            0 => Some(self.root),
            _ => entry(page, self.index.block_hash_offset(block)?),
        }
    }
}

/// The hash at `offset` of a page.
fn entry(page: &[u8], offset: u32) -> Option<Digest> {
    let bytes = page.get(usize::try_from(offset).ok()?..)?;
    bytes.first_chunk().map(|hash| Digest(*hash))
}
