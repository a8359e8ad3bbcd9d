//! Streams that were signed and indexed as they should be, and are hostile all the same: what is left when a release
//! key is in the wrong hands, or a builder is broken.

use sprag_manifest::Codec;

use super::case::{Bench, Expected, Layer, nth_payload};
use super::cbor::Item;

/// All of them; `mutations` streams with a byte changed besides.
pub(super) fn attack(bench: &mut Bench<'_>, mutations: u32) {
    let Some(payload) = bench.parts.payload(bench.chosen) else {
        return;
    };
    any(bench);
    match payload.codec {
        Codec::Stored => stored(bench),
        Codec::BsdiffZstd => bsdiff(bench),
        codec => native(bench, codec),
    }
    mutated(bench, mutations);
}

fn add(bench: &mut Bench<'_>, name: &str, code: u16, why: &str, package: Vec<u8>) {
    let layer = if code == 607 {
        Layer::Target
    } else {
        Layer::Stream
    };
    bench.add(layer, &format!("{layer}-{name}"), code, why, package);
}

/// Sets the target's digest or size.
fn target(key: i64, value: Item) -> impl FnOnce(&mut Item) {
    move |manifest| {
        if let Some(target) = manifest.get_mut(8) {
            target.set(key, value);
        }
    }
}

/// A workspace of `len` bytes, in a payload whose RAM does not matter.
fn workspace(number: u32, len: u64) -> impl FnOnce(&mut Item) {
    move |manifest| {
        if let Some(entry) = nth_payload(manifest, number) {
            entry.set(7, Item::Uint(len));
        }
    }
}

fn target_size(bench: &Bench<'_>) -> u64 {
    let manifest = bench.parts.manifest_item();
    let size = manifest.get(8).and_then(|target| target.get(3)?.as_uint());
    size.unwrap_or(0)
}

fn any(bench: &mut Bench<'_>) {
    let package = bench.with_manifest(target(2, Item::Bytes(vec![0x5a; 32])));
    add(
        bench,
        "digest-of-another",
        607,
        "a payload that makes another image than is signed",
        package,
    );
}

fn stored(bench: &mut Bench<'_>) {
    let stream = bench.parts.stream(bench.chosen);
    let size = target_size(bench);
    let cases = [
        (
            "stored-short",
            "a byte of the image is missing",
            stream.get(1..).unwrap_or_default().to_vec(),
            705,
        ),
        (
            "stored-long",
            "a byte follows the image",
            [&stream[..], &[0]].concat(),
            704,
        ),
    ];
    for (name, why, stream, code) in cases {
        let package = bench.with_stream(&stream, |_| ());
        add(bench, name, code, why, package);
    }
    let package = bench.with_manifest(target(3, Item::Uint(size + 1)));
    add(
        bench,
        "stored-size-above",
        705,
        "a size above the image's",
        package,
    );
    let package = bench.with_manifest(target(3, Item::Uint(size - 1)));
    add(
        bench,
        "stored-size-below",
        704,
        "a size below the image's",
        package,
    );
}

/// The native codecs.
fn native(bench: &mut Bench<'_>, codec: Codec) {
    let stream = bench.parts.stream(bench.chosen);
    let name = if codec == Codec::NativeDelta {
        "delta"
    } else {
        "full"
    };
    let mut with = |what: &str, code, why: &str, stream: &[u8]| {
        let package = bench.with_stream(stream, |_| ());
        add(bench, &format!("{name}-{what}"), code, why, package);
    };
    let put = |at: usize, value: u8| {
        let mut stream = stream.clone();
        if let Some(byte) = stream.get_mut(at) {
            *byte = value;
        }
        stream
    };
    with("kind", 701, "another kind of stream", &put(0, 9));
    with(
        "profile",
        701,
        "a profile that does not exist",
        &put(1, 0xff),
    );
    with(
        "truncated",
        705,
        "half of the stream",
        stream.get(..stream.len() / 2).unwrap_or_default(),
    );
    with(
        "header-only",
        705,
        "nothing but the head",
        stream.get(..3).unwrap_or_default(),
    );
    with(
        "trailing",
        706,
        "eight bytes follow the stream",
        &[&stream[..], &[0; 8]].concat(),
    );
    let size = target_size(bench);
    let package = bench.with_manifest(target(3, Item::Uint(size * 4)));
    add(
        bench,
        &format!("{name}-size-above"),
        705,
        "a size that the stream does not make",
        package,
    );
    let package = bench.with_manifest(workspace(bench.chosen, 64));
    add(
        bench,
        &format!("{name}-workspace"),
        702,
        "a workspace that the decoder cannot work in",
        package,
    );
}

/// A block of a zstd frame (RFC 8878, section 3.1.1.2): 0 raw, 1 a byte repeated.
fn block(kind: u32, last: bool, size: usize, bytes: &[u8]) -> Vec<u8> {
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    let head = (size << 3 | kind << 1 | u32::from(last)).to_le_bytes();
    [head.get(..3).unwrap_or_default(), bytes].concat()
}

/// A frame of raw blocks, with the window that the exponent says.
fn frame(content: &[u8], exponent: u8) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (exponent - 10) << 3];
    let blocks: Vec<&[u8]> = content.chunks(1024).collect();
    for (number, bytes) in blocks.iter().enumerate() {
        frame.extend(block(0, number + 1 == blocks.len(), bytes.len(), bytes));
    }
    frame
}

/// An operation's head (docs/FORMAT.md, section 4.3).
fn operation(add: i64, insert: i64, seek: i64) -> Vec<u8> {
    let number = |value: i64| {
        let sign = if value < 0 { 1 << 63 } else { 0 };
        (value.unsigned_abs() | sign).to_le_bytes()
    };
    [number(add), number(insert), number(seek)].concat()
}

/// Room for a window of 128 KiB.
fn room(number: u32) -> impl Fn(&mut Item) {
    move |manifest| {
        if let Some(entry) = nth_payload(manifest, number) {
            entry.set(7, Item::Uint(1 << 20));
            entry.set(8, Item::Uint(2 << 20));
        }
    }
}

fn bsdiff(bench: &mut Bench<'_>) {
    let stream = bench.parts.stream(bench.chosen);
    let size = i64::try_from(target_size(bench)).unwrap_or(i64::MAX);
    let len = usize::try_from(size).unwrap_or(usize::MAX).min(1 << 20);
    let old = i64::try_from(bench.setting.old.len()).unwrap_or(i64::MAX);
    let of = |content: &[u8]| [&[17], &frame(content, 17)[..]].concat();
    let head = |a, b, c| operation(a, b, c);
    let window = |value: u8| {
        let mut stream = stream.clone();
        if let Some(byte) = stream.first_mut() {
            *byte = value;
        }
        stream
    };
    let image = vec![0x5a; len];
    let whole = [head(0, size, 0), image.clone()].concat();
    let good = of(&whole);
    let dictionary = [
        &[17, 0x28, 0xb5, 0x2f, 0xfd, 1, 7 << 3, 9],
        good.get(7..).unwrap_or_default(),
    ]
    .concat();
    let skippable = [
        &[17, 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4],
        good.get(1..).unwrap_or_default(),
    ]
    .concat();
    let cases: [(&str, u16, &str, Vec<u8>); 19] = [
        ("window-9", 701, "a window smaller than any", window(9)),
        ("window-28", 701, "a window larger than any", window(28)),
        (
            "window-of-frame",
            707,
            "the frame's window is larger than stated",
            [&[10], &frame(&whole, 17)[..]].concat(),
        ),
        ("no-frame", 707, "no frame follows", vec![17, 1, 2, 3, 4, 5]),
        (
            "frame-truncated",
            705,
            "the frame ends early",
            good.get(..good.len() - 2).unwrap_or_default().to_vec(),
        ),
        (
            "frame-and-byte",
            706,
            "a byte follows the frame",
            [&good[..], &[0]].concat(),
        ),
        (
            "two-frames",
            706,
            "a second frame follows",
            [&good[..], good.get(1..).unwrap_or_default()].concat(),
        ),
        (
            "dictionary",
            707,
            "a frame that wants a dictionary",
            dictionary,
        ),
        (
            "skippable-frame",
            706,
            "a frame that is to be skipped",
            skippable,
        ),
        (
            "negative-add",
            707,
            "fewer than no bytes to add",
            of(&[head(-1, size, 0), image.clone()].concat()),
        ),
        (
            "negative-insert",
            707,
            "fewer than no bytes to insert",
            of(&[head(1, -1, 0), image.clone()].concat()),
        ),
        (
            "add-beyond-image",
            704,
            "more bytes to add than the image has",
            of(&[head(i64::MAX, 0, 0), image.clone()].concat()),
        ),
        (
            "sum-beyond-64-bits",
            704,
            "add and insert overflow together",
            of(&[head(i64::MAX, i64::MAX, 0), image.clone()].concat()),
        ),
        (
            "insert-beyond-image",
            704,
            "a byte more to insert than the image has",
            of(&[head(0, size + 1, 0), image.clone(), vec![0]].concat()),
        ),
        (
            "add-beyond-old",
            703,
            "bytes behind the old image",
            of(&[
                head(0, 1, old),
                vec![0],
                head(size - 1, 0, 0),
                image.clone(),
            ]
            .concat()),
        ),
        (
            "add-before-old",
            703,
            "bytes in front of the old image",
            of(&[head(0, 1, -1), vec![0], head(size - 1, 0, 0), image.clone()].concat()),
        ),
        (
            "seek-beyond-64-bits",
            707,
            "a position that 64 bits do not hold",
            of(&[
                head(0, 1, i64::MAX),
                vec![0],
                head(0, 1, i64::MAX),
                vec![0],
                head(0, 1, i64::MAX),
                vec![0],
                image.clone(),
            ]
            .concat()),
        ),
        (
            "no-progress",
            707,
            "a second operation that does nothing",
            of(&[
                head(0, 1, 0),
                vec![0],
                head(0, 0, 0),
                head(0, size - 1, 0),
                image.clone(),
            ]
            .concat()),
        ),
        (
            "content-left",
            706,
            "content follows the image",
            of(&[&whole[..], &[0; 24]].concat()),
        ),
    ];
    for (name, code, why, stream) in cases {
        let package = bench.with_stream(&stream, room(bench.chosen));
        add(bench, &format!("bsdiff-{name}"), code, why, package);
    }
    // A frame of a few bytes that unpacks to 128 KiB again and again.
    let mut bomb = vec![17, 0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    bomb.extend(block(0, false, 24, &head(0, size, 0)));
    for _ in 0..64 {
        bomb.extend(block(1, false, 128 << 10, &[0]));
    }
    bomb.extend(block(1, true, 128 << 10, &[0]));
    let package = bench.with_stream(&bomb, room(bench.chosen));
    add(bench, "bsdiff-bomb", 706, "8 MiB in 300 bytes", package);
    let package = bench.with_stream(
        &of(whole.get(..len / 2).unwrap_or_default()),
        room(bench.chosen),
    );
    add(
        bench,
        "bsdiff-content-missing",
        705,
        "the content ends early",
        package,
    );
    let package = bench.with_manifest(workspace(bench.chosen, 1024));
    add(
        bench,
        "bsdiff-workspace",
        702,
        "a workspace that the window does not fit",
        package,
    );
}

/// Bytes of the stream changed, one in each package, spread over it.
fn mutated(bench: &mut Bench<'_>, mutations: u32) {
    let stream = bench.parts.stream(bench.chosen);
    let count = usize::try_from(mutations)
        .unwrap_or(usize::MAX)
        .min(stream.len());
    for number in 0..count {
        let at = number * stream.len() / count.max(1);
        let mut bytes = stream.clone();
        if let Some(byte) = bytes.get_mut(at) {
            // Never 0, and another one each time.
            *byte ^= u8::try_from(number % 255 + 1).unwrap_or(1);
        }
        let package = bench.with_stream(&bytes, |_| ());
        let why = "a byte of the stream changed, indexed and signed";
        let name = format!("stream-mutated-{at}");
        let case = (
            Layer::Stream,
            name.as_str(),
            Expected::RefusedOrIdentical,
            why,
        );
        bench.add_on(bench.setting.clone(), case, package);
    }
}
