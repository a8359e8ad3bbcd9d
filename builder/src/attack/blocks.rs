//! Payloads that are not what was signed: blocks changed, moved, doubled and left out, and indexes that lie.

use sprag_manifest::{Header, Index, Item as Part};
use sprag_verifier::{block_hash, page_hash};

use super::case::{Bench, Expected, Layer, nth_payload};
use super::cbor::Item;
use super::parts::cut;

/// Most blocks that are flipped one by one.
const MOST_FLIPS: usize = 64;

/// All of them.
pub(super) fn attack(bench: &mut Bench<'_>) {
    lines(bench);
    stored(bench);
    indexes(bench);
}

/// The package as bytes on a line.
fn lines(bench: &mut Bench<'_>) {
    let package = bench.package.to_vec();
    let head = package.len() - bench.parts.stored.iter().map(Vec::len).sum::<usize>();
    let mut cut_at = |name: &str, why: &str, len: usize| {
        let cut = package.get(..len).unwrap_or_default().to_vec();
        bench.add(Layer::Bytes, &format!("truncated-{name}"), 603, why, cut);
    };
    cut_at("to-nothing", "no byte at all", 0);
    cut_at(
        "in-header",
        "a byte of the header is missing",
        Header::LEN - 1,
    );
    cut_at("behind-header", "nothing follows the header", Header::LEN);
    cut_at("in-envelope", "a byte of the envelope is missing", head - 1);
    cut_at("behind-envelope", "nothing follows the envelope", head);
    cut_at(
        "in-first-part",
        "a byte of the first page or block is there",
        head + 1,
    );
    cut_at("by-a-byte", "the last byte is missing", package.len() - 1);
    let mut longer = |name: &str, why: &str, bytes: &[u8]| {
        let package = [&package[..], bytes].concat();
        bench.add(Layer::Bytes, &format!("appended-{name}"), 604, why, package);
    };
    longer("byte", "a byte follows the package", &[0]);
    longer(
        "package",
        "a second package follows the first",
        &package.clone(),
    );
}

/// Bytes of pages and blocks.
fn stored(bench: &mut Bench<'_>) {
    let Some(payload) = bench.parts.payload(bench.chosen) else {
        return;
    };
    let index = Index::new(&payload);
    let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let parts: Vec<_> = index
        .items()
        .map(|placed| (placed.item, place(placed.offset)..place(placed.end())))
        .collect();
    let place_of_chosen = place(bench.chosen.into());
    let good = bench.parts.stored.get(place_of_chosen);
    let good = good.cloned().unwrap_or_default();
    let mut with = |name: String, code, why: &str, bytes: Vec<u8>| {
        // Blocks may be alike.
        if bytes == good {
            return;
        }
        let mut parts = bench.parts.clone();
        if let Some(stored) = parts.stored.get_mut(place_of_chosen) {
            *stored = bytes;
        }
        let package = parts.assemble();
        bench.add(Layer::Blocks, &name, code, why, package);
    };
    let step = parts.len().div_ceil(MOST_FLIPS).max(1);
    for (part, range) in parts.iter().step_by(step) {
        let mut bytes = good.clone();
        if let Some(byte) = bytes.get_mut(range.start) {
            *byte ^= 0x80;
        }
        match part {
            Part::Page(page) => with(
                format!("page-{page}-flipped"),
                602,
                "a bit of a page",
                bytes,
            ),
            Part::Block(block) => with(
                format!("block-{block}-flipped"),
                601,
                "a bit of a block",
                bytes,
            ),
        }
    }
    let blocks: Vec<_> = parts
        .iter()
        .filter(|(part, _)| matches!(part, Part::Block(_)))
        .map(|(_, range)| range.clone())
        .collect();
    if let [first, second, .., last] = blocks.as_slice()
        && first.len() == second.len()
    {
        let of =
            |range: &core::ops::Range<usize>| good.get(range.clone()).unwrap_or_default().to_vec();
        let put = |bytes: &mut Vec<u8>, range: &core::ops::Range<usize>, block: &[u8]| {
            for (to, from) in bytes.iter_mut().skip(range.start).zip(block) {
                *to = *from;
            }
        };
        let mut swapped = good.clone();
        put(&mut swapped, first, &of(second));
        put(&mut swapped, second, &of(first));
        with(
            "blocks-swapped".into(),
            601,
            "two blocks change places",
            swapped,
        );
        let mut doubled = good.clone();
        put(&mut doubled, second, &of(first));
        with(
            "block-doubled".into(),
            601,
            "a block in the place of the next",
            doubled,
        );
        let mut dropped = good.clone();
        dropped.drain(first.clone());
        dropped.extend(vec![0; first.len()]);
        with(
            "block-dropped".into(),
            601,
            "a block is left out, and the rest moves up",
            dropped,
        );
        let mut padded = good.clone();
        padded.truncate(last.start);
        padded.extend(of(first).iter().take(last.len()));
        with(
            "last-block-of-another".into(),
            601,
            "the last block has the first one's bytes",
            padded,
        );
    }
    let mut zero = good.clone();
    zero.fill(0);
    let code = if index.page_count() == 0 { 601 } else { 602 };
    with(
        "payload-of-zeros".into(),
        code,
        "nothing but zero bytes",
        zero,
    );
}

/// Indexes that were signed, and lie.
fn indexes(bench: &mut Bench<'_>) {
    let Some(payload) = bench.parts.payload(bench.chosen) else {
        return;
    };
    let chosen = bench.chosen;
    let stream = bench.parts.stream(chosen);
    let block_size = usize::try_from(payload.block_size).unwrap_or(usize::MAX);
    let first = stream
        .get(..block_size.min(stream.len()))
        .unwrap_or_default();
    let single = stream.len() <= block_size;
    let code = if single { 601 } else { 602 };
    let mut root = |name: &str, why: &str, root: [u8; 32]| {
        let package = bench.with_manifest(|manifest| {
            if let Some(entry) = nth_payload(manifest, chosen) {
                entry.set(6, Item::Bytes(root.to_vec()));
            }
        });
        bench.add(Layer::Blocks, &format!("root-{name}"), code, why, package);
    };
    root(
        "of-plain-bytes",
        "a root without the tag in front",
        crate::digest::sha256(first).0,
    );
    let other = u32::from(chosen == 0);
    root(
        &format!("of-payload-{other}"),
        "the index of another payload",
        cut(other, &stream, block_size).0,
    );
    root(
        "of-block-1",
        "the hash of the bytes as another block",
        block_hash(chosen, 1, first).0,
    );
    root(
        "of-a-page",
        "the hash of a block as a page",
        page_hash(chosen, 0, first).0,
    );
    root("zero", "a root of zeros", [0; 32]);
    if !single {
        // A page that leads on where the last page ends, as if there were more.
        let place_of_chosen = usize::try_from(chosen).unwrap_or(usize::MAX);
        let stored = bench.parts.stored.get(place_of_chosen);
        let stored = stored.cloned().unwrap_or_default();
        let mut parts = bench.parts.clone();
        let mut bytes = stored;
        if let Some(hash) = bytes.get_mut(..32) {
            hash.copy_from_slice(&block_hash(chosen, 1, first).0);
        }
        let pages = 32 * stream.len().div_ceil(block_size).min(32);
        let root = page_hash(chosen, 0, bytes.get(..pages).unwrap_or_default());
        if let Some(place) = parts.stored.get_mut(place_of_chosen) {
            *place = bytes;
        }
        let mut manifest = parts.manifest_item();
        if let Some(entry) = nth_payload(&mut manifest, chosen) {
            entry.set(6, Item::Bytes(root.0.to_vec()));
        }
        let package = parts.signed(&manifest.encode(), bench.key);
        let why = "a signed page with the hash of a block as another one";
        let case = (
            Layer::Blocks,
            "page-with-wrong-number",
            Expected::Code(601),
            why,
        );
        bench.add_on(bench.setting.clone(), case, package);
    }
}
