//! The geometry against a slow twin that lays a payload out item by item.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers in a test")]

use super::{Index, Item, Placed, block_prefix, page_prefix};
use crate::ids::Digest;
use crate::manifest::{Codec, Needs, Payload, Role};
use proptest::prelude::{prop_assert_eq, proptest};
use std::vec::Vec;

fn payload(size: u32, block_size: u32) -> Payload {
    Payload {
        role: Role::Full,
        source: None,
        codec: Codec::Stored,
        size,
        block_size,
        root: Digest([0; 32]),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs: Needs {
            workspace: 10,
            ram: 0,
            scratch: 0,
            erases: 1,
            min_operations: 0,
            min_work: 0,
        },
    }
}

/// A page and what it holds, by the words of the specification.
struct TwinPage {
    blocks: Vec<u32>,
    linked: bool,
}

/// Cuts blocks into pages: all that remain if they are 32 or fewer, else 31 and a link.
fn twin_pages(block_count: u32) -> Vec<TwinPage> {
    let mut left: Vec<u32> = (0..block_count).collect();
    let mut pages = Vec::new();
    if left.len() == 1 {
        return pages;
    }
    while !left.is_empty() {
        let linked = left.len() > 32;
        let rest = left.split_off(if linked { 31 } else { left.len() });
        pages.push(TwinPage {
            blocks: left,
            linked,
        });
        left = rest;
    }
    pages
}

fn twin_items(size: u32, block_size: u32) -> Vec<Placed> {
    let block_count = size.div_ceil(block_size);
    let mut items: Vec<Placed> = Vec::new();
    let mut offset = 0_u64;
    let mut put = |item, len: u32| {
        items.push(Placed { item, offset, len });
        offset += u64::from(len);
    };
    let block_len = |block| {
        if block + 1 < block_count {
            block_size
        } else {
            size - block * block_size
        }
    };
    let pages = twin_pages(block_count);
    if pages.is_empty() {
        put(Item::Block(0), size);
    }
    for (page, contents) in (0..).zip(&pages) {
        let entries = u32::try_from(contents.blocks.len()).unwrap() + u32::from(contents.linked);
        put(Item::Page(page), entries * 32);
        for block in &contents.blocks {
            put(Item::Block(*block), block_len(*block));
        }
    }
    items
}

fn check(size: u32, block_size: u32) {
    let index = Index::new(&payload(size, block_size));
    let twin = twin_items(size, block_size);
    assert_eq!(
        index.items().collect::<Vec<_>>(),
        twin,
        "{size} in {block_size}"
    );
    assert_eq!(usize::try_from(index.item_count()), Ok(twin.len()));
    assert_eq!(index.stored_len(), twin.last().unwrap().end());
    assert_eq!(index.first(), twin.first().copied());
    for (ordinal, placed) in (0..).zip(&twin) {
        assert_eq!(index.item(ordinal), Some(*placed));
        assert_eq!(index.ordinal(placed.item), Some(ordinal));
        assert_eq!(index.next(placed.item), index.item(ordinal + 1));
        assert_eq!(index.item_at(placed.offset), Some(*placed));
        assert_eq!(index.item_at(placed.end() - 1), Some(*placed));
    }
    assert_eq!(index.item(index.item_count()), None);
    assert_eq!(index.item_at(index.stored_len()), None);
    assert_eq!(index.item_at(u64::MAX), None);

    let pages = twin_pages(index.block_count());
    assert_eq!(usize::try_from(index.page_count()), Ok(pages.len()));
    for (page, contents) in (0..).zip(&pages) {
        for (entry, block) in (0..).zip(&contents.blocks) {
            assert_eq!(index.page_of_block(*block), Some(page));
            assert_eq!(index.block_hash_offset(*block), Some(entry * 32));
        }
        let link = contents.linked.then_some(31 * 32);
        assert_eq!(index.next_page_hash_offset(page), link);
    }
    let largest = |is_page: bool| {
        let lens = twin
            .iter()
            .filter(|placed| matches!(placed.item, Item::Page(_)) == is_page);
        lens.map(|placed| placed.len).max().unwrap_or(0)
    };
    assert_eq!(index.page_buffer_len(), largest(true));
    assert_eq!(index.block_buffer_len(), largest(false));
    let min_ram = 10 + largest(true) + largest(false) + 256;
    assert_eq!(payload(size, block_size).min_ram(), u64::from(min_ram));
}

#[test]
fn every_number_of_blocks_to_five_pages() {
    for block_count in 1..=160 {
        for size in [
            (block_count - 1) * 256 + 1,
            block_count * 256 - 1,
            block_count * 256,
        ] {
            check(size, 256);
        }
    }
}

#[test]
fn pages_at_the_turning_points() {
    // Blocks, pages, bytes of the last page.
    let table = [
        (1, 0, None),
        (2, 1, Some(64)),
        (31, 1, Some(992)),
        (32, 1, Some(1024)),
        (33, 2, Some(64)),
        (62, 2, Some(992)),
        (63, 2, Some(1024)),
        (64, 3, Some(64)),
        (94, 3, Some(1024)),
        (95, 4, Some(64)),
    ];
    for (blocks, pages, last) in table {
        let index = Index::new(&payload(blocks * 4096, 4096));
        assert_eq!(index.page_count(), pages, "{blocks} blocks");
        assert_eq!(
            pages.checked_sub(1).and_then(|page| index.page_len(page)),
            last,
            "{blocks} blocks"
        );
        assert_eq!(index.page_len(pages), None);
        assert_eq!(index.block_len(blocks), None);
    }
}

#[test]
fn the_largest_payload() {
    let index = Index::new(&payload(u32::MAX, 256));
    assert_eq!(index.block_count(), 1 << 24);
    assert_eq!(index.page_count(), ((1 << 24) - 1_u32).div_ceil(31));
    let entries = (1_u64 << 24) + u64::from(index.page_count()) - 1;
    assert_eq!(index.stored_len(), u64::from(u32::MAX) + entries * 32);
    let last = index.block((1 << 24) - 1).unwrap();
    assert_eq!(last.len, 255);
    assert_eq!(last.end(), index.stored_len());
    assert_eq!(index.item(index.item_count() - 1), Some(last));
    assert_eq!(index.item_at(last.offset), Some(last));
    assert_eq!(index.next(last.item), None);
    let least = crate::limits::MAX_PAYLOADS_LEN / u64::from(crate::limits::MAX_PAYLOADS);
    assert!(index.stored_len() <= least);
}

#[test]
fn sizes_that_no_decoder_lets_through_have_no_items() {
    for (size, block_size) in [
        (0, 4096),
        (100, 0),
        (u32::MAX, 0),
        (u32::MAX, 1),
        (100, 255),
        (100, u32::MAX),
    ] {
        let index = Index::new(&payload(size, block_size));
        assert_eq!(index.items().next(), None, "{size} in {block_size}");
        assert_eq!((index.item_count(), index.stored_len()), (0, 0));
        assert_eq!((index.page_buffer_len(), index.block_buffer_len()), (0, 0));
        assert_eq!(index.item_at(0), None);
        for number in [0, 1, u32::MAX] {
            assert_eq!(index.page(number), None);
            assert_eq!(index.block(number), None);
            assert_eq!(index.page_of_block(number), None);
            assert_eq!(index.block_hash_offset(number), None);
            assert_eq!(index.next_page_hash_offset(number), None);
            assert_eq!(index.ordinal(Item::Page(number)), None);
            assert_eq!(index.next(Item::Block(number)), None);
        }
    }
}

#[test]
fn prefixes() {
    assert_eq!(
        &block_prefix(1, 0x0102_0304),
        b"SPB1\x01\0\0\0\x04\x03\x02\x01"
    );
    assert_eq!(
        &page_prefix(0x0506_0708, 9),
        b"SPP1\x08\x07\x06\x05\x09\0\0\0"
    );
}

proptest! {
    #[test]
    fn any_payload(size in 1..3_000_000_u32, log in 8..=16_u32) {
        check(size, 1 << log);
    }

    #[test]
    fn any_byte_is_in_the_item_that_is_found(size in 1..=u32::MAX, log in 8..=16_u32, at in 0..=u64::MAX) {
        let index = Index::new(&payload(size, 1 << log));
        let offset = at % index.stored_len();
        let placed = index.item_at(offset).unwrap();
        assert!((placed.offset..placed.end()).contains(&offset));
        prop_assert_eq!(index.item(index.ordinal(placed.item).unwrap()), Some(placed));
    }

    #[test]
    fn any_numbers_never_panic(size in 0..=u32::MAX, block_size in 0..=u32::MAX, number in 0..=u32::MAX) {
        let index = Index::new(&payload(size, block_size));
        for item in [Item::Page(number), Item::Block(number)] {
            if let Some(ordinal) = index.ordinal(item) {
                prop_assert_eq!(index.item(ordinal).map(|placed| placed.item), Some(item));
            }
            let _ = index.next(item);
        }
        let _ = (index.item(number), index.page(number), index.block(number));
        let _ = (index.page_of_block(number), index.block_hash_offset(number));
        let _ = (index.next_page_hash_offset(number), index.item_at(u64::from(number) << 2));
    }
}
