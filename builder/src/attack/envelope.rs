//! Headers and envelopes that are none.

use sprag_manifest::{Document, Header, eddsa_protected};

use super::case::{Bench, Layer};
use super::cbor::{Item, head};
use super::parts::{self, protected_by};

/// All of them.
pub(super) fn attack(bench: &mut Bench<'_>) {
    headers(bench);
    bodies(bench);
    entries(bench);
}

fn headers(bench: &mut Bench<'_>) {
    let package = bench.package.to_vec();
    let mut with = |name: &str, code, why: &str, at: usize, bytes: &[u8]| {
        let mut package = package.clone();
        for (to, from) in package.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
        bench.add(Layer::Header, &format!("header-{name}"), code, why, package);
    };
    with(
        "magic",
        102,
        "another magic",
        Header::MAGIC_FIELD.start,
        b"SPRX",
    );
    with("version-0", 103, "format version 0", 4, &[0, 0]);
    with("version-2", 103, "format version 2", 4, &[2, 0]);
    with(
        "version-big-endian",
        103,
        "the version in the other byte order",
        4,
        &[0, 1],
    );
    with(
        "keysets-len-8193",
        104,
        "more keysets than there may be",
        6,
        &[1, 0x20],
    );
    with("envelope-len-0", 105, "no envelope", 8, &[0; 4]);
    with(
        "envelope-len-16385",
        104,
        "an envelope longer than any",
        8,
        &[1, 0x40, 0, 0],
    );
    with(
        "envelope-len-2-32",
        104,
        "an envelope of 4 GiB",
        8,
        &[0xff; 4],
    );
    with("payloads-len-0", 105, "no payloads", 12, &[0; 8]);
    with(
        "payloads-len-2-63",
        104,
        "payloads of 2^63 bytes",
        12,
        &[0, 0, 0, 0, 0, 0, 0, 0x80],
    );
    with(
        "payloads-len-2-64",
        104,
        "payloads of 2^64 - 1 bytes",
        12,
        &[0xff; 8],
    );
    let len = package.get(Header::PAYLOADS_LEN_FIELD).map(|bytes| {
        let len = bytes
            .iter()
            .rev()
            .fold(0_u64, |len, byte| len << 8 | u64::from(*byte));
        (len + 1).to_le_bytes()
    });
    with(
        "payloads-len-other",
        118,
        "a byte more of payloads than the manifest signs",
        12,
        &len.unwrap_or_default(),
    );
}

/// The COSE_Sign structure.
fn bodies(bench: &mut Bench<'_>) {
    let Item::Tag(_, good) = bench.parts.envelope.clone() else {
        return;
    };
    let mut body = |name: &str, code, why: &str, envelope: &Item| {
        let package = bench.parts.around(&envelope.encode());
        bench.add(
            Layer::Envelope,
            &format!("envelope-{name}"),
            code,
            why,
            package,
        );
    };
    let tagged = |item: Item| Item::Tag(98, Box::new(item));
    let with = |place: usize, item: Item| {
        let mut body = (*good).clone();
        if let Some(old) = body.items_mut().and_then(|items| items.get_mut(place)) {
            *old = item;
        }
        tagged(body)
    };
    let protected = |map: Item| with(0, Item::Bytes(map.encode()));
    body("untagged", 109, "the untagged form", &good);
    body("tag-18", 110, "COSE_Sign1", &Item::Tag(18, good.clone()));
    body("tag-17", 110, "COSE_Mac0", &Item::Tag(17, good.clone()));
    let mut longer = (*good).clone();
    if let Some(items) = longer.items_mut() {
        items.push(Item::Uint(0));
    }
    body("array-of-5", 118, "an item too many", &tagged(longer));
    let shorter = Item::Array(good.items().get(..3).unwrap_or_default().to_vec());
    body("array-of-3", 118, "an item too few", &tagged(shorter));
    let content_type = || Item::text("application/sprag");
    body(
        "protected-empty",
        121,
        "no content type",
        &protected(Item::Map(vec![])),
    );
    body(
        "protected-of-another",
        115,
        "another header in the content type's place",
        &protected(Item::map([(4, Item::Bytes(vec![1; 8]))])),
    );
    body(
        "protected-critical",
        114,
        "another header besides",
        &protected(Item::map([(2, Item::Array(vec![])), (3, content_type())])),
    );
    body(
        "content-type-other",
        124,
        "another content type",
        &protected(Item::map([(3, Item::text("application/spray"))])),
    );
    body(
        "content-type-keyset",
        124,
        "a keyset in the place of a manifest",
        &with(0, Item::Bytes(Document::Keyset.body_protected().to_vec())),
    );
    body(
        "content-type-number",
        109,
        "a content type by number",
        &protected(Item::map([(3, Item::Uint(19))])),
    );
    let trailing = [Document::Manifest.body_protected(), &[0]].concat();
    body(
        "protected-trailing-byte",
        101,
        "a byte follows the protected header",
        &with(0, Item::Bytes(trailing)),
    );
    body(
        "unprotected-entry",
        123,
        "an entry that nobody signs",
        &with(1, Item::map([(4, Item::Bytes(vec![0; 8]))])),
    );
    body(
        "manifest-detached",
        108,
        "null in the manifest's place",
        &with(2, Item::Raw(vec![0xf6])),
    );
    body(
        "signatures-none",
        121,
        "nobody signed",
        &with(3, Item::Array(vec![])),
    );
    let one = good
        .items()
        .get(3)
        .and_then(|list| list.items().first())
        .cloned();
    let nine = one.iter().cycle().take(9).cloned().collect();
    body(
        "signatures-9",
        104,
        "nine signatures",
        &with(3, Item::Array(nine)),
    );
    body(
        "signatures-count-bomb",
        104,
        "an array announces 2^32 signatures",
        &with(3, Item::Raw(head(4, 1 << 32))),
    );

    let whole = bench.parts.envelope.encode();
    let package = bench.parts.around(&[&whole[..], &[0]].concat());
    bench.add(
        Layer::Envelope,
        "envelope-trailing-byte",
        101,
        "a byte follows the structure",
        package,
    );
    let cut = whole.len().saturating_sub(1);
    let package = bench.parts.around(whole.get(..cut).unwrap_or_default());
    bench.add(
        Layer::Envelope,
        "envelope-truncated",
        100,
        "the structure ends inside its last signature",
        package,
    );
    let long_tag = [&[0xd9, 0, 98], whole.get(2..).unwrap_or_default()].concat();
    let package = bench.parts.around(&long_tag);
    bench.add(
        Layer::Envelope,
        "envelope-long-tag",
        106,
        "the tag is not in its shortest form",
        package,
    );
}

/// Signatures as they are written.
fn entries(bench: &mut Bench<'_>) {
    let key_id = bench.key.key_id();
    let manifest = bench.parts.manifest.clone();
    let mut entry = |name: &str, code, why: &str, entry: Item| {
        let envelope = parts::envelope(Document::Manifest, &manifest, vec![entry]);
        let package = bench.parts.around(&envelope.encode());
        bench.add(
            Layer::Envelope,
            &format!("signature-{name}"),
            code,
            why,
            package,
        );
    };
    let good = eddsa_protected(key_id);
    let protected = |map: Item| parts::entry(&map.encode(), &[1; 64]);
    let id = || Item::Bytes(key_id.0.to_vec());
    entry(
        "63-bytes",
        118,
        "a signature that is cut short",
        parts::entry(&good, &[1; 63]),
    );
    entry(
        "65-bytes",
        118,
        "a signature that is too long",
        parts::entry(&good, &[1; 65]),
    );
    entry(
        "key-id-7-bytes",
        118,
        "an identifier that is cut short",
        protected(Item::map([
            (1, Item::int(-8)),
            (4, Item::Bytes(vec![1; 7])),
        ])),
    );
    entry(
        "without-algorithm",
        115,
        "no algorithm",
        protected(Item::map([(4, id())])),
    );
    entry(
        "without-key-id",
        115,
        "no identifier",
        protected(Item::map([(1, Item::int(-8))])),
    );
    entry(
        "header-besides",
        114,
        "another header besides",
        protected(Item::map([
            (1, Item::int(-8)),
            (4, id()),
            (5, Item::Bytes(vec![1])),
        ])),
    );
    entry(
        "header-trailing-byte",
        101,
        "a byte follows the protected header",
        parts::entry(&[&good[..], &[0]].concat(), &[1; 64]),
    );
    entry(
        "algorithm-beyond-64-bits",
        104,
        "an algorithm number beyond 64 bits",
        parts::entry(&protected_by(Item::Nint(u64::MAX), key_id), &[1; 64]),
    );
    entry(
        "algorithm-text",
        109,
        "an algorithm by name",
        parts::entry(&protected_by(Item::text("none"), key_id), &[1; 64]),
    );
    entry(
        "empty-of-other-algorithm",
        105,
        "a signature without a byte",
        parts::entry(&protected_by(Item::int(-7), key_id), &[]),
    );
    let mut unprotected = parts::entry(&good, &[1; 64]);
    if let Some(place) = unprotected.items_mut().and_then(|items| items.get_mut(1)) {
        *place = Item::map([(1, Item::int(-8))]);
    }
    entry(
        "unprotected-algorithm",
        123,
        "an algorithm that nobody signs",
        unprotected,
    );
    let short = Item::Array(vec![Item::Bytes(good.to_vec()), Item::Map(vec![])]);
    entry("array-of-2", 118, "an item too few", short);
}
