//! The `minisign` crate is the twin here: an independent implementation of the same formats.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use minisign::{KeyPair, PublicKeyBox, SecretKeyBox, SignatureBox};
use sprag_manifest::{Digest, KeyId};
use tempfile::TempDir;

use super::format::ED25519;
use super::{
    Cost, Found, KeyError, KeyFiles, NewKey, Password, PasswordSource, Protection, SignatureKind,
    SigningKey, TrustedComment, VerifyingKey, minisign_id, verify_detached,
};

const ID: KeyId = KeyId([1, 2, 3, 4, 5, 6, 7, 0x88]);
const DATA: &[u8] = b"the new firmware";

fn key() -> SigningKey {
    SigningKey::from_seed(ID, &[9; 32])
}

fn comment() -> TrustedComment {
    TrustedComment::for_file("out/app.sprag".as_ref(), Digest([0xab; 32])).unwrap()
}

fn signature() -> String {
    key().sign_detached(DATA, &comment()).unwrap()
}

fn given(password: &str) -> PasswordSource {
    PasswordSource::Given(password.into())
}

fn moderate(password: &str) -> Protection {
    Protection::Password(Password::from(password), Cost::Moderate)
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn files(&self) -> KeyFiles {
        KeyFiles::beside(&self.0.path().join("release.key"))
    }

    fn generate(&self, protection: &Protection) -> (SigningKey, KeyFiles) {
        let files = self.files();
        (
            NewKey::check(&files).unwrap().generate(protection).unwrap(),
            files,
        )
    }
}

fn load(path: &Path) -> Result<SigningKey, KeyError> {
    SigningKey::load(path, &given("unused"))
}

#[test]
fn a_key_id_is_shown_as_stock_minisign_shows_it() {
    let shown = |bytes: [u8; 8]| minisign_id(KeyId(bytes));
    assert_eq!(shown([1, 2, 3, 4, 5, 6, 7, 0x88]), "8807060504030201");
    assert_eq!(
        shown([0xab, 0, 0, 0, 0, 0, 0, 0x07]),
        "7000000000000AB",
        "no leading zero"
    );
}

#[test]
fn pairs_are_written_and_read() {
    for (protection, password) in [(Protection::None, ""), (moderate("pass word"), "pass word")] {
        let folder = Folder::new();
        let (key, files) = folder.generate(&protection);
        let loaded = SigningKey::load(&files.secret, &given(password)).unwrap();
        let public = VerifyingKey::load(&files.public).unwrap();
        assert_eq!(loaded.key_id(), key.key_id());
        assert_eq!(loaded.pair_bytes(), key.pair_bytes());
        assert_eq!(public, key.verifying_key());
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_secret_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let (_, files) = folder.generate(&Protection::None);
    assert_eq!(
        fs::metadata(files.secret).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_behind() {
    for exists in ["release.key", "release.pub"] {
        let folder = Folder::new();
        let files = folder.files();
        let early = NewKey::check(&files).unwrap();
        let path = folder.file(exists, "precious");
        assert_eq!(
            NewKey::check(&files).unwrap_err().code(),
            1207,
            "{exists}, beforehand"
        );
        assert_eq!(
            early.generate(&Protection::None).unwrap_err().code(),
            1207,
            "{exists}, late"
        );
        assert_eq!(fs::read(path).unwrap(), b"precious");
        assert_eq!(
            fs::read_dir(folder.0.path()).unwrap().count(),
            1,
            "{exists}"
        );
    }
    let lost = KeyFiles::beside("/no/such/folder/release.key".as_ref());
    assert_eq!(NewKey::check(&lost).unwrap_err().code(), 1100);
    let printed = KeyFiles::beside("-".as_ref());
    assert_eq!(NewKey::check(&printed).unwrap_err().code(), 1218);
}

#[test]
fn the_public_file_stands_beside_the_secret_one() {
    let cases = [
        ("a.key", "a.pub"),
        ("dir/a.b.key", "dir/a.b.pub"),
        ("a", "a.pub"),
        ("a.pub", "a.pub.pub"),
    ];
    for (secret, public) in cases {
        assert_eq!(
            KeyFiles::beside(secret.as_ref()).public,
            Path::new(public),
            "{secret}"
        );
    }
}

#[test]
fn a_wrong_password_is_told_from_a_right_one() {
    let folder = Folder::new();
    let (_, files) = folder.generate(&moderate("right"));
    for wrong in ["", "Right", "right ", "wrong"] {
        let error = SigningKey::load(&files.secret, &given(wrong)).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), (1208, 5), "{wrong:?}");
    }
    assert!(SigningKey::load(&files.secret, &given("right")).is_ok());
}

#[test]
fn the_twin_reads_our_keys() {
    for (protection, password) in [(Protection::None, None), (moderate("p"), Some("p"))] {
        let folder = Folder::new();
        let (key, files) = folder.generate(&protection);
        let secret =
            SecretKeyBox::from_string(&fs::read_to_string(&files.secret).unwrap()).unwrap();
        let secret = match password {
            Some(password) => secret.into_secret_key(Some(password.into())),
            None => secret.into_unencrypted_secret_key(),
        };
        let secret = secret.unwrap();
        let public = fs::read_to_string(&files.public).unwrap();
        let public = PublicKeyBox::from_string(&public)
            .unwrap()
            .into_public_key()
            .unwrap();
        assert_eq!(secret.keynum(), key.key_id().0);
        // What the twin signs with our secret key, it verifies with our public one.
        let signed = minisign::sign(Some(&public), &secret, Cursor::new(DATA), None, None).unwrap();
        minisign::verify(&public, &signed, Cursor::new(DATA), true, false, false).unwrap();
        let ours = verify_detached(&key.verifying_key(), &signed.into_string(), DATA).unwrap();
        assert_eq!(ours.kind(), SignatureKind::Prehashed);
    }
}

#[test]
fn we_read_the_twins_keys() {
    let folder = Folder::new();
    let plain = KeyPair::generate_unencrypted_keypair().unwrap();
    let locked = KeyPair::generate_encrypted_keypair(Some("p".into())).unwrap();
    for (name, pair) in [("plain", plain), ("locked", locked)] {
        let secret = folder.file(name, pair.sk.to_box(None).unwrap().into_string());
        let public = folder.file("public", pair.pk.to_box().unwrap().into_string());
        let key = SigningKey::load(&secret, &given("p")).unwrap();
        assert_eq!(
            key.verifying_key(),
            VerifyingKey::load(&public).unwrap(),
            "{name}"
        );
        assert_eq!(key.key_id().0, pair.pk.keynum(), "{name}");
        let signed = SignatureBox::from_string(&key.sign_detached(DATA, &comment()).unwrap());
        minisign::verify(
            &pair.pk,
            &signed.unwrap(),
            Cursor::new(DATA),
            true,
            false,
            false,
        )
        .unwrap();
    }
}

#[test]
fn signatures_are_prehashed_and_the_same_each_time() {
    let text = signature();
    assert_eq!(text, signature());
    assert!(
        text.lines().nth(1).unwrap().starts_with("RU"),
        "Base64 of ED: {text}"
    );
    let expected = format!("trusted comment: file:app.sprag sha256:{}", "ab".repeat(32));
    assert_eq!(text.lines().nth(2).unwrap(), expected);
    let valid = verify_detached(&key().verifying_key(), &text, DATA).unwrap();
    assert_eq!(valid.kind(), SignatureKind::Prehashed);
    assert_eq!(valid.trusted_comment(), comment().as_str());
}

#[test]
fn every_changed_byte_of_a_signature_is_refused_except_in_the_untrusted_comment() {
    let text = signature();
    let public = key().verifying_key();
    let first_line = text.find('\n').unwrap();
    let mut changed_comments = 0;
    for position in 0..text.len() {
        for mask in [1, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[position] ^= mask;
            let changed = String::from_utf8(bytes).unwrap();
            match verify_detached(&public, &changed, DATA) {
                Err(error) => assert!((1220..=1222).contains(&error.code()), "{position}: {error}"),
                // The prefix itself must stay, so that the file is still recognised.
                Ok(_) if ("untrusted comment: ".len()..first_line).contains(&position) => {
                    changed_comments += 1;
                }
                // Only blanks at the end are lost when lines are read.
                Ok(_) => panic!("{position} ^ {mask:#x} is accepted: {changed}"),
            }
        }
    }
    assert!(changed_comments > 0);
}

#[test]
fn other_data_and_other_keys_are_refused() {
    let text = signature();
    let public = key().verifying_key();
    let code = |key: &VerifyingKey, data| verify_detached(key, &text, data).unwrap_err().code();
    assert_eq!(code(&public, b"the old firmware"), 1222);
    assert_eq!(code(&public, b""), 1222);
    let same_id = SigningKey::from_seed(ID, &[8; 32]).verifying_key();
    assert_eq!(code(&same_id, DATA), 1222, "another key under the same id");
    let other_id = SigningKey::from_seed(KeyId([0; 8]), &[9; 32]).verifying_key();
    assert_eq!(code(&other_id, DATA), 1221, "the same key under another id");
    for (name, text) in [
        ("empty", String::new()),
        ("one line", "untrusted comment: x\n".into()),
        ("a public key", public.to_file_text()),
        ("cut", text.lines().take(3).collect::<Vec<_>>().join("\n")),
    ] {
        assert_eq!(
            verify_detached(&public, &text, DATA).unwrap_err().code(),
            1220,
            "{name}"
        );
    }
}

#[test]
fn a_prehashed_signature_does_not_pass_as_a_legacy_one() {
    use ct_codecs::{Base64, Decoder as _, Encoder as _};
    let text = signature();
    let line = text.lines().nth(1).unwrap();
    let mut bytes = Base64::decode_to_vec(line, None).unwrap();
    bytes[1] = b'd';
    let legacy = text.replace(line, &Base64::encode_to_string(&bytes).unwrap());
    let public = key().verifying_key();
    assert_eq!(
        verify_detached(&public, &legacy, DATA).unwrap_err().code(),
        1222
    );
}

#[test]
fn comments_cannot_forge_a_line() {
    for name in [
        "",
        "/",
        "a\nb",
        "a\rb",
        "a\u{1b}[2J",
        "a\u{85}b",
        "..",
        &"x".repeat(256),
    ] {
        let result = TrustedComment::for_file(name.as_ref(), Digest([0; 32]));
        assert_eq!(result.map_err(|error| error.code()), Err(1223), "{name:?}");
    }
}

#[test]
fn a_secret_and_a_public_key_are_not_taken_for_each_other() {
    let folder = Folder::new();
    let (_, files) = folder.generate(&Protection::None);
    let pem = folder.file(
        "pem",
        "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n",
    );
    let pem_public = folder.file("ppem", "-----BEGIN PUBLIC KEY-----\nMC4=\n");
    let ssh = folder.file("ssh", "ssh-ed25519 AAAA me\n");
    let signature = folder.file("sig", signature());
    let package = folder.file("pkg", b"SPRG\x01\0\xff");
    let noise = folder.file("noise", [0xff; 100]);
    let long = folder.file("long", vec![b'a'; 1 << 20]);
    let empty = folder.file("empty", "");
    let missing = folder.0.path().join("missing");
    let directory = folder.0.path().to_path_buf();
    let cases: [(&Path, u16, u16); 12] = [
        // As a secret key, as a public key; 0 is accepted.
        (&files.secret, 0, 1203),
        (&files.public, 1204, 0),
        (&pem, 1202, 1203),
        (&pem_public, 1204, 1202),
        (&ssh, 1204, 1202),
        (&signature, 1202, 1202),
        (&package, 1202, 1202),
        (&noise, 1202, 1202),
        (&long, 1202, 1202),
        (&empty, 1202, 1202),
        (&missing, 1200, 1200),
        (&directory, 1201, 1201),
    ];
    for (path, as_secret, as_public) in cases {
        let found = (
            load(path).map_or_else(|error| error.code(), |_| 0),
            VerifyingKey::load(path).map_or_else(|error| error.code(), |_| 0),
        );
        assert_eq!(found, (as_secret, as_public), "{}", path.display());
    }
    match VerifyingKey::load(&package).unwrap_err() {
        KeyError::NotAKey {
            found: Found::Package,
            ..
        } => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_changed_byte_of_an_unencrypted_key_is_refused() {
    use ct_codecs::{Base64, Decoder as _, Encoder as _};
    let folder = Folder::new();
    let (_, files) = folder.generate(&Protection::None);
    let text = fs::read_to_string(&files.secret).unwrap();
    let line = text.lines().nth(1).unwrap();
    let bytes = Base64::decode_to_vec(line, None).unwrap();
    assert_eq!(bytes.len(), 158);
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        let text = text.replace(line, &Base64::encode_to_string(&changed).unwrap());
        let result = load(&folder.file("changed", text)).map_err(|error| error.code());
        match position {
            // Algorithms.
            0..6 => assert_eq!(result.unwrap_err(), 1202, "{position}"),
            // Salt and limits say nothing where no password is used.
            6..54 => assert!(result.is_ok(), "{position}"),
            _ => assert_eq!(result.unwrap_err(), 1205, "{position}"),
        }
    }
    for len in 0..bytes.len() {
        let text = text.replace(line, &Base64::encode_to_string(&bytes[..len]).unwrap());
        // 42 bytes that start with "Ed" have the shape of a public key.
        let expected = if len == 42 { 1204 } else { 1202 };
        assert_eq!(
            load(&folder.file("cut", text)).unwrap_err().code(),
            expected,
            "{len}"
        );
    }
}

#[test]
fn a_missing_checksum_is_borne_only_where_minisign_leaves_it_out() {
    use ct_codecs::{Base64, Decoder as _, Encoder as _};
    let folder = Folder::new();
    let (_, files) = folder.generate(&Protection::None);
    let text = fs::read_to_string(&files.secret).unwrap();
    let line = text.lines().nth(1).unwrap();
    let mut bytes = Base64::decode_to_vec(line, None).unwrap();
    bytes[126..].fill(0);
    for position in 62..126 {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        let text = text.replace(line, &Base64::encode_to_string(&changed).unwrap());
        let error = load(&folder.file("changed", text)).unwrap_err();
        assert_eq!(error.code(), 1205, "{position}: the halves no longer agree");
    }
    let text = text.replace(line, &Base64::encode_to_string(&bytes).unwrap());
    assert!(load(&folder.file("zeros", text)).is_ok());

    let hidden = super::format::Hidden::new(ED25519, ID, &key().pair_bytes());
    let mut text = super::format::SecretBox {
        kind: ED25519,
        cipher: super::format::Cipher::None,
        hidden,
    }
    .encode();
    assert!(load(&folder.file("ours", text.as_bytes())).is_ok());
    text.insert(0, ' ');
    assert_eq!(
        load(&folder.file("no prefix", text.as_bytes()))
            .unwrap_err()
            .code(),
        1202
    );
}

#[test]
fn a_key_file_cannot_ask_for_hours() {
    use super::format::{Cipher, Hidden, SecretBox};
    let folder = Folder::new();
    for (opslimit, memlimit) in [(1 << 40, 1 << 30), (1 << 25, 1 << 40), (u64::MAX, u64::MAX)] {
        let hidden = Hidden::new(ED25519, ID, &key().pair_bytes());
        let cipher = Cipher::Scrypt {
            salt: [0; 32],
            opslimit,
            memlimit,
        };
        let path = folder.file(
            "costly",
            SecretBox {
                kind: ED25519,
                cipher,
                hidden,
            }
            .encode()
            .as_bytes(),
        );
        assert_eq!(load(&path).unwrap_err().code(), 1209);
    }
}

#[test]
fn a_pair_whose_halves_disagree_is_refused() {
    use super::format::{Cipher, Hidden, SecretBox};
    let folder = Folder::new();
    let mut pair = key().pair_bytes();
    pair[32..].copy_from_slice(&SigningKey::from_seed(ID, &[8; 32]).public_bytes());
    let hidden = Hidden::new(ED25519, ID, &pair);
    let path = folder.file(
        "mixed",
        SecretBox {
            kind: ED25519,
            cipher: Cipher::None,
            hidden,
        }
        .encode()
        .as_bytes(),
    );
    assert_eq!(load(&path).unwrap_err().code(), 1205);
}

/// Bytes from hexadecimal digits.
fn bytes32(hex: &str) -> [u8; 32] {
    Digest::from_hex(hex).unwrap().0
}

#[test]
fn weak_keys_are_refused() {
    let p_minus_1 = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let p = "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let p_plus_1 = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let order_8_too = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    let zero = "00".repeat(32);
    let one = format!("01{}", "00".repeat(31));
    let minus_zero = format!("01{}80", "00".repeat(30));
    let y_is_2 = format!("02{}", "00".repeat(31));
    let cases = [
        ("order 4", zero.as_str()),
        ("the identity", &one),
        ("the identity with the sign of x set", &minus_zero),
        ("order 2", p_minus_1),
        ("order 4, not canonical", p),
        ("the identity, not canonical", p_plus_1),
        ("order 8", order_8),
        ("order 8, the other y", order_8_too),
        ("not on the curve", &y_is_2),
    ];
    for (name, hex) in cases {
        let error = VerifyingKey::from_bytes(ID, bytes32(hex)).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), (1206, 5), "{name}");
    }
    // The 19 values of y that are p or more, with both signs of x: no honest tool writes them.
    for low in 0xed..=0xff_u8 {
        for high in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (low, high);
            assert!(
                VerifyingKey::from_bytes(ID, bytes).is_err(),
                "{low:#x} {high:#x}"
            );
        }
    }
    // A good key plus a point of order 8 is a point of mixed order.
    let good = ed25519_dalek::VerifyingKey::from_bytes(&key().public_bytes()).unwrap();
    let torsion = ed25519_dalek::VerifyingKey::from_bytes(&bytes32(order_8)).unwrap();
    let mixed = (good.to_edwards() + torsion.to_edwards())
        .compress()
        .to_bytes();
    assert_eq!(
        VerifyingKey::from_bytes(ID, mixed).unwrap_err().code(),
        1206,
        "mixed order"
    );
    assert!(VerifyingKey::from_bytes(ID, key().public_bytes()).is_ok());
}

#[test]
fn ed25519_is_that_of_rfc_8032() {
    // RFC 8032, section 7.1, test 2: one byte.
    let seed = bytes32("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let public = bytes32("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let r = bytes32("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da");
    let s = bytes32("085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    let key = SigningKey::from_seed(ID, &seed);
    assert_eq!(key.verifying_key().to_bytes(), public);
    assert_eq!(key.sign_ed25519(&[0x72]).as_slice(), [r, s].as_flattened());
}

#[test]
fn numbers_and_names_are_unique() {
    use crate::input::INPUT_CODES;
    use crate::output::OUTPUT_CODES;
    let tables = [INPUT_CODES, OUTPUT_CODES, super::KEY_CODES];
    let all: Vec<_> = tables.concat();
    assert!(all.is_sorted_by(|a, b| a.0 < b.0), "in order, none twice");
    let names: std::collections::BTreeSet<_> = all.iter().map(|entry| entry.1).collect();
    assert_eq!(names.len(), all.len());
}

/// Compiles only while `ed25519-dalek` is built with its feature `zeroize`.
#[test]
fn secrets_are_cleared_from_memory() {
    fn assert_cleared<T: zeroize::ZeroizeOnDrop>() {}
    assert_cleared::<ed25519_dalek::SigningKey>();
    assert_cleared::<zeroize::Zeroizing<String>>();
}

#[test]
fn secrets_are_never_shown() {
    let key = key();
    let shown = format!("{key:?} {:?} {:?}", key.verifying_key(), moderate("secret"));
    assert!(
        shown.starts_with("SigningKey(8807060504030201, ..)"),
        "{shown}"
    );
    assert!(!shown.contains("secret") && !shown.contains("09, 09") && !shown.contains("0909"));
    assert_eq!(minisign_id(ID), "8807060504030201");
}

/// The vectors of `verifier-no-std/src/ed25519/edges.rs`, by the keys that the builder takes and by `minisign-verify`.
#[test]
fn the_edges_of_ed25519_are_refused() {
    use ct_codecs::{Base64, Encoder as _};
    let bytes = |hex: &str| -> Vec<u8> {
        let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
        hex.as_bytes().chunks(2).map(byte).collect()
    };
    let honest = SigningKey::from_seed(ID, &[7; 32]);
    let vectors = include_str!("../../../verifier-no-std/src/ed25519/edges.txt");
    let (mut weak, mut judged) = (0, 0);
    for line in vectors.lines().skip(1) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [name, verdict, public, message, signature] = fields[..] else {
            panic!("{line}")
        };
        let public: [u8; 32] = bytes(public).try_into().unwrap();
        let Ok(key) = VerifyingKey::from_bytes(ID, public) else {
            assert_ne!(public, honest.verifying_key().to_bytes(), "{name}");
            weak += 1;
            continue;
        };
        assert_eq!(key, honest.verifying_key(), "{name}");
        let signature = bytes(signature);
        let global = honest.sign_ed25519(&[&signature[..], b"comment"].concat());
        let line = [&b"Ed"[..], &ID.0, &signature].concat();
        let [line, global] = [&line[..], &global].map(|b| Base64::encode_to_string(b).unwrap());
        let text = format!("untrusted comment: -\n{line}\ntrusted comment: comment\n{global}\n");
        let holds = verify_detached(&key, &text, &bytes(message)).is_ok();
        // `minisign-verify` does not look at R for itself. The one of small order with which the equation holds takes the
        // key's holder, who can sign anything anyway.
        let lenient = name == "low_order_R,0.0";
        assert_eq!(holds, verdict == "valid" || lenient, "{name}");
        judged += 1;
    }
    assert!(weak > 100 && judged > 30, "{weak} {judged}");
}
