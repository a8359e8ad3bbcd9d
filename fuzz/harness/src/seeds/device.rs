//! Inputs to begin with for what a device is sent, and for the builder's files.

use sprag_manifest::{
    Algorithm, CounterRange, Document, Envelope, Header, Key, KeyId, Keyset, List, Members,
    PublicKey, Quorum, ReleaseRole, Scope, SignatureEntry, Validity, eddsa_protected,
};

use sprag::{AuditLog, KeysetSpec, Request as SignRequest, RoleSpec, SigningKey, TrustFile};
use sprag_link::{Request, Upload};
use sprag_verifier::{Area, Storage as _};

use super::Seed;
use crate::made::{KEY_ID, Made, SEED};
use crate::resigned::good_manifest;
use crate::update::{Board, Session};

pub(super) fn all() -> Vec<Seed> {
    [
        documents(),
        resigned(),
        image_files(),
        update(),
        areas(),
        line(),
        texts(),
    ]
    .concat()
}

fn seed(target: &'static str, name: &str, bytes: Vec<u8>) -> Seed {
    Seed {
        target,
        name: name.to_owned(),
        bytes,
    }
}

/// Where blocks are staged, what stands in the record, the staging area and the other slot.
fn areas() -> Vec<Seed> {
    let made = Made::get();
    let mut board = Board::new(made, 1);
    board.power_on(None);
    let ended = board.session(made, &Session::GOOD);
    assert_eq!(ended, Ok(()), "a good package on a good device");
    let mut record = vec![0; 2048];
    let read = board.storage().read(Area::Record, 0, &mut record);
    assert_eq!(read, Ok(()));
    let of = |staging: u8, record: &[u8], staged: &[u8], slot: &[u8]| {
        let len = |bytes: &[u8]| u16::try_from(bytes.len()).expect("short").to_le_bytes();
        [
            &[staging][..],
            &len(record),
            &len(staged),
            record,
            staged,
            slot,
        ]
        .concat()
    };
    let torn = &record[..1024 + 40];
    [
        ("new-device", of(0, &[], &[], &[])),
        ("updated", of(1, &record, &[], &made.new)),
        ("second-copy-torn", of(0, torn, &[], &made.new)),
        ("zeros", of(1, &[0; 2048], &[0; 64], &[0; 64])),
        ("package-in-staging", of(1, &[], &made.package[..800], &[])),
    ]
    .map(|(name, bytes)| seed("areas", name, bytes))
    .into()
}

/// Whether framed, then what comes.
fn line() -> Vec<Seed> {
    let requests = [
        Request::Hello,
        Request::Echo("who"),
        Request::Report,
        Request::Upload(Upload {
            offset: 0,
            data: &Made::get().package[..60],
            len: Some(2000),
            tag: Some(&[1; 4]),
        }),
        Request::Upload(Upload {
            offset: 60,
            data: &Made::get().package[60..90],
            len: None,
            tag: None,
        }),
        Request::Reset,
    ];
    let mut packets = Vec::new();
    let mut all = vec![1];
    for (sequence, request) in (0_u8..).zip(requests) {
        let mut packet = [0; 255];
        let len = request.encode(sequence, &mut packet).expect("short");
        let framed = [&[u8::try_from(len).expect("short")][..], &packet[..len]].concat();
        all.extend_from_slice(&framed);
        packets.push(framed);
    }
    [
        ("questions", [&[1][..], &packets[..3].concat()].concat()),
        ("pieces", [&[1][..], &packets[3..5].concat()].concat()),
        ("all", all),
        ("line-noise", b"\x00\x06\x09AAAA\n\x04\x14====\n".to_vec()),
        (
            "short-packets",
            vec![1, 0, 1, 2, 8, 2, 0, 0, 1, 0, 64, 0, 0],
        ),
    ]
    .map(|(name, bytes)| seed("line", name, bytes))
    .into()
}

/// Which kind of text, and the text.
fn texts() -> Vec<Seed> {
    let key = SigningKey::from_seed(KEY_ID, &SEED);
    let mut first = KeysetSpec::new("acme");
    let id = first.list(&key.verifying_key()).expect("a good key");
    first.root = RoleSpec {
        threshold: 1,
        members: vec![id],
    };
    first.releases[0].role = first.root.clone();
    let store = TrustFile::new(&first)
        .and_then(|mut store| store.sign(&key).map(|()| store))
        .and_then(|store| store.encode());
    let folder = tempfile::tempdir().expect("a folder");
    let log_path = folder.path().join("log");
    AuditLog::create(&log_path, &key, 1_700_000_000).expect("a log");
    let audit = AuditLog::read(&log_path).expect("a log");
    let request = SignRequest::new(&Made::get().package, &key.verifying_key()).expect("a package");
    let answer = request.answer("x".as_ref(), &key).expect("its key");
    let request = request.to_text().expect("a request");
    let log = "[1.0] brownout\n[2.0] flash write error at offset 0x0800f000\nended: E804\n";
    let release = "vendor = 'acme'\nproduct = 'lamp'\nhardware = ['r1']\nisa = 'thumb'\nnew-version = '1.1.0'\n";
    let profile = "vendor = 'acme'\nproduct = 'lamp'\nhardware = 'r1'\nisa = 'thumb'\nram = 65536\n[flash]\nslot-size = 65536\n";
    [
        ("trust-store", 0, store.expect("a store")),
        ("log", 1, log.into()),
        ("audit-log", 2, audit),
        ("request", 3, request.into_bytes()),
        ("answer", 4, answer.to_text().into_bytes()),
        ("release", 5, release.into()),
        ("profile", 6, profile.into()),
    ]
    .map(|(name, which, text)| seed("texts", name, [&[which][..], &text].concat()))
    .into()
}

fn documents() -> Vec<Seed> {
    let package = &Made::get().package;
    let header = &package[..Header::LEN];
    let len = Header::decode(package).expect("a package").envelope_len;
    let envelope = &package[Header::LEN..][..usize::try_from(len).expect("small")];
    let keyset = keyset();
    [
        ("header", 0, header.to_vec()),
        ("manifest", 1, good_manifest()),
        ("keyset", 2, keyset.clone()),
        ("envelope", 3, envelope.to_vec()),
        ("keyset-envelope", 4, keyset_envelope(&keyset)),
    ]
    .map(|(name, which, bytes)| seed("documents", name, [&[which][..], &bytes].concat()))
    .into()
}

fn keyset() -> Vec<u8> {
    let key = |id, public| Key {
        id: KeyId([id; 8]),
        algorithm: Algorithm::EdDsa,
        public: PublicKey(public),
    };
    let keys = [key(1, &[1; 32]), key(2, &[2; 32]), key(3, &[3; 32])];
    let quorum = |threshold, members| Quorum {
        threshold,
        members: Members(members),
    };
    let releases = [ReleaseRole {
        quorum: quorum(2, 0b111),
        scope: Scope {
            vendor: Some("acme"),
            product: None,
            hardware: List::from_slice(&["rev-b"]),
        },
    }];
    let revoked = [key(9, &[9; 32])];
    let keyset = Keyset {
        version: 2,
        name: "acme",
        keys: List::from_slice(&keys),
        root: quorum(2, 0b011),
        releases: List::from_slice(&releases),
        validity: Validity::default(),
        sequences: CounterRange::default(),
        security_counters: CounterRange {
            min: None,
            max: Some(1000),
        },
        revoked: List::from_slice(&revoked),
    };
    encoded(|buffer| keyset.encode(buffer).ok())
}

fn keyset_envelope(keyset: &[u8]) -> Vec<u8> {
    let protected = eddsa_protected(KEY_ID);
    let entry = SignatureEntry {
        algorithm: Algorithm::EdDsa,
        key_id: KEY_ID,
        protected: &protected,
        signature: &[5; 64],
    };
    let entries = [entry];
    encoded(|buffer| {
        Envelope::of(Document::Keyset, keyset, &entries)
            .encode(buffer)
            .ok()
    })
}

fn encoded(encode: impl FnOnce(&mut [u8]) -> Option<usize>) -> Vec<u8> {
    let mut buffer = vec![0; 4096];
    let len = encode(&mut buffer).expect("a document of this program");
    buffer.truncate(len);
    buffer
}

/// An edit of the good manifest: place, bytes taken away, bytes put there.
fn edit(at: u16, gone: u8, come: &[u8]) -> Vec<u8> {
    let count = u8::try_from(come.len()).expect("few bytes");
    [&at.to_le_bytes()[..], &[gone, count], come].concat()
}

fn resigned() -> Vec<Seed> {
    [
        ("as-it-is", 7, Vec::new()),
        ("another-map", 255, edit(0, 1, &[0xb8])),
        ("one-byte", 1, edit(12, 1, &[0x41])),
        ("longer", 64, edit(30, 0, &[0x20, 0x00])),
        (
            "two-edits",
            33,
            [edit(4, 2, &[]), edit(60, 0, &[0xff; 9])].concat(),
        ),
    ]
    .map(|(name, pace, edits)| seed("resigned", name, [&[pace][..], &edits].concat()))
    .into()
}

fn image_files() -> Vec<Seed> {
    let hex = ":020000040800F2\n:1000000000000120C1000008C3000008C5000008C8\n:00000001FF\n";
    let srec = "S00600004844521B\nS1130000285F245F2212226A000424290008237C2A\nS9030000FC\n";
    let mut uf2 = vec![0; 512];
    for (at, word) in [
        (0, 0x0a32_4655_u32),
        (4, 0x9e5d_5157),
        (12, 0x0800_0000),
        (16, 256),
        (24, 1),
        (508, 0x0ab1_6f30),
    ] {
        uf2[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    [
        ("raw", 0, vec![0x11; 40]),
        ("elf", 1, elf()),
        ("hex", 2, hex.as_bytes().to_vec()),
        ("srec", 3, srec.as_bytes().to_vec()),
        ("uf2", 4, uf2),
    ]
    .map(|(name, format, file)| seed("image_files", name, [&[format][..], &file].concat()))
    .into()
}

/// An executable of one segment of 16 bytes, for 32-bit Arm (System V ABI, chapter 4 and 5).
fn elf() -> Vec<u8> {
    let mut file = b"\x7fELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    for half in [2_u16, 40] {
        file.extend(half.to_le_bytes());
    }
    for word in [1_u32, 0x0800_0000, 52, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    for half in [52_u16, 32, 1, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for word in [1_u32, 84, 0x0800_0000, 0x0800_0000, 16, 16, 5, 4] {
        file.extend(word.to_le_bytes());
    }
    file.extend([0xbf; 16]);
    file
}

/// A session: power fails there and so, bytes of a chunk, damage there and of these bits, what else.
fn session(cut: u16, how: u8, chunk: u8, damage: (u16, u8), flags: u8) -> Vec<u8> {
    let (at, mask) = damage;
    [
        &cut.to_le_bytes()[..],
        &[how, chunk],
        &at.to_le_bytes(),
        &[mask, flags],
    ]
    .concat()
}

fn update() -> Vec<Seed> {
    let none = (0, 0);
    [
        ("good", 0, session(0, 0, 255, none, 0)),
        ("small-chunks-again", 1, session(0, 0, 3, none, 1)),
        (
            "three-cuts",
            0,
            [
                session(20, 2, 90, none, 0),
                session(35, 7, 90, none, 0),
                session(50, 1, 90, none, 0),
            ]
            .concat(),
        ),
        (
            "cuts-with-staging",
            1,
            [
                session(30, 6, 200, none, 0),
                session(31, 3, 200, none, 1),
                session(60, 2, 200, none, 0),
            ]
            .concat(),
        ),
        (
            "damage",
            1,
            [
                session(0, 0, 128, (700, 0x10), 0),
                session(70, 0, 128, (100, 1), 0),
            ]
            .concat(),
        ),
    ]
    .map(|(name, staging, sessions)| seed("update", name, [&[staging][..], &sessions].concat()))
    .into()
}
