//! Any bytes as a header, an envelope, a manifest and a keyset: refused with an offset inside them, or taken apart; and
//! what was taken apart, written again and read again, is the same and is written the same.

use sprag_manifest::{Document, Envelope, Header, Keyset, Manifest, SignatureEntry};

use crate::choices::Choices;

/// Longer than any document.
const ROOM: usize = 1 << 16;

/// Runs one input: which document (1 B), then its bytes.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let which = choices.u8() % 5;
    let bytes = choices.rest();
    match which {
        0 => header(bytes),
        1 => manifest(bytes),
        2 => keyset(bytes),
        3 => envelope(bytes, Document::Manifest),
        _ => envelope(bytes, Document::Keyset),
    }
}

fn header(bytes: &[u8]) {
    let Ok(header) = Header::decode(bytes) else {
        return;
    };
    let mut written = [0; Header::LEN];
    header.encode(&mut written).expect("it was read");
    assert_eq!(written, bytes[..Header::LEN], "a header has one encoding");
}

fn manifest(bytes: &[u8]) {
    let read = Manifest::decode(bytes).map_err(|e| e.offset);
    let Some(manifest) = in_bounds(read, bytes) else {
        return;
    };
    for number in 0..manifest.payloads.len() {
        assert!(
            manifest.payload_offset(number).is_some(),
            "payload {number}"
        );
    }
    let first = written(|buffer| manifest.encode(buffer).ok());
    let again = Manifest::decode(&first).expect("what was written");
    assert_eq!(
        again, manifest,
        "fields that are not known are left out, no others"
    );
    assert_eq!(written(|buffer| again.encode(buffer).ok()), first);
}

fn keyset(bytes: &[u8]) {
    let read = Keyset::decode(bytes).map_err(|e| e.offset);
    let Some(keyset) = in_bounds(read, bytes) else {
        return;
    };
    let first = written(|buffer| keyset.encode(buffer).ok());
    let again = Keyset::decode(&first).expect("what was written");
    assert_eq!(
        again, keyset,
        "fields that are not known are left out, no others"
    );
    assert_eq!(written(|buffer| again.encode(buffer).ok()), first);
}

fn envelope(bytes: &[u8], document: Document) {
    let read = Envelope::decode_as(document, bytes).map_err(|e| e.offset);
    let Some(envelope) = in_bounds(read, bytes) else {
        return;
    };
    let content = envelope.manifest_bytes();
    let start = usize::try_from(envelope.manifest_offset()).expect("an offset");
    assert_eq!(bytes.get(start..start + content.len()), Some(content));

    let signatures: Vec<SignatureEntry<'_>> = envelope.signatures().collect();
    let first = written(|buffer| {
        Envelope::of(document, content, &signatures)
            .encode(buffer)
            .ok()
    });
    let again = Envelope::decode_as(document, &first).expect("what was written");
    assert_eq!(again.manifest_bytes(), content);
    assert_eq!(again.signatures().collect::<Vec<_>>(), signatures);
}

/// What was read; of a refusal, that it names a place in the bytes.
fn in_bounds<T>(read: Result<T, u32>, bytes: &[u8]) -> Option<T> {
    match read {
        Ok(document) => Some(document),
        Err(offset) => {
            let offset = usize::try_from(offset).expect("an offset");
            assert!(offset <= bytes.len(), "{offset} of {}", bytes.len());
            None
        }
    }
}

fn written(encode: impl FnOnce(&mut [u8]) -> Option<usize>) -> Vec<u8> {
    let mut buffer = vec![0; ROOM];
    let len = encode(&mut buffer).expect("what was read can be written");
    buffer.truncate(len);
    buffer
}
