//! Keys that come from other tools and go to them: PEM, COSE, raw bytes, sources.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sprag::{
    ExportForm, Imported, KeyFacts, PasswordSource, Protection, RawKey, SigningKey, VerifyingKey,
    change_protection,
};
use sprag_manifest::KeyId;
use tempfile::TempDir;

/// The example keys of RFC 8410, sections 10.1 and 10.3.
const SECRET_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

/// The secret key of RFC 8032, section 7.1, test 1, and its public half.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

const NO_PASSWORD: PasswordSource = PasswordSource::EnvironmentOrPrompt;

/// What `sprag key export --rust` makes of the key of these tests: it compiles.
#[expect(unreachable_pub, reason = "a source for others' crates")]
mod anchor {
    include!("keys/TEST-ONLY.rs");
}

fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn public_of(imported: Imported) -> VerifyingKey {
    match imported {
        Imported::Secret(key) => key.verifying_key(),
        Imported::Public(key) => key,
    }
}

fn read(path: &Path) -> Imported {
    Imported::read(path, None, None, &NO_PASSWORD).unwrap()
}

fn test_key() -> VerifyingKey {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    VerifyingKey::load(&folder.join("TEST-ONLY.pub")).unwrap()
}

#[test]
fn both_halves_of_a_pem_pair_are_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let secret = read(&write(&folder, "secret.pem", SECRET_PEM));
    let public = read(&write(&folder, "public.pem", PUBLIC_PEM));
    assert!(matches!(secret, Imported::Secret(_)));
    assert!(matches!(public, Imported::Public(_)));
    let (secret, public) = (public_of(secret), public_of(public));
    assert_eq!(secret, public, "same bytes and same id");
    let pem = public.export(ExportForm::Pem, "").unwrap();
    assert_eq!(pem, PUBLIC_PEM.as_bytes());
}

#[test]
fn raw_keys_are_what_the_caller_says() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |digits: &str| -> Vec<u8> {
        (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect()
    };
    let id = Some(KeyId(*b"ABCDEFGH"));
    for seed in [
        write(&folder, "hex", SEED),
        write(&folder, "line", format!("{}\n", SEED.to_uppercase())),
        write(&folder, "bytes", bytes(SEED)),
    ] {
        let key = Imported::read(&seed, Some(RawKey::Secret), id, &NO_PASSWORD).unwrap();
        let key = public_of(key);
        assert_eq!(key.to_bytes().as_slice(), bytes(PUBLIC));
        assert_eq!(key.key_id(), KeyId(*b"ABCDEFGH"));
    }
    let public = write(&folder, "public", PUBLIC);
    let public = Imported::read(&public, Some(RawKey::Public), None, &NO_PASSWORD).unwrap();
    let seed = write(&folder, "seed", SEED);
    let secret = Imported::read(&seed, Some(RawKey::Secret), None, &NO_PASSWORD).unwrap();
    assert_eq!(public_of(public), public_of(secret));
}

#[test]
fn what_is_no_key_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let pem = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let body = SECRET_PEM.lines().nth(1).unwrap();
    type Case = (&'static str, Vec<u8>, Option<RawKey>, u16, &'static str);
    let cases: [Case; 10] = [
        ("empty", vec![], None, 1219, "something else"),
        ("cut", SECRET_PEM[..60].into(), None, 1219, ""),
        ("of RSA", pem("RSA PRIVATE KEY", body).into(), None, 1219, "another format"),
        ("encrypted", pem("ENCRYPTED PRIVATE KEY", body).into(), None, 1219, "encrypted"),
        (
            "of P-256",
            pem("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==").into(),
            None,
            1219,
            "",
        ),
        ("binary", vec![0xff; 32], None, 1219, "not text"),
        ("31 bytes", vec![1; 31], Some(RawKey::Public), 1219, "neither"),
        ("no digits", vec![b'g'; 64], Some(RawKey::Secret), 1219, "neither"),
        ("weak", vec![0; 32], Some(RawKey::Public), 1206, "weak"),
        ("package", b"SPRG and more".to_vec(), None, 1219, "package"),
    ];
    for (name, bytes, raw, code, word) in cases {
        let path = write(&folder, name, bytes);
        let error = Imported::read(&path, raw, None, &NO_PASSWORD).unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(word), "{name}: {error}");
    }
    let missing = Imported::read(&folder.path().join("none"), None, None, &NO_PASSWORD);
    assert_eq!(missing.unwrap_err().code(), 1200);
}

#[test]
fn sources_for_firmware_compile_and_hold_the_key() {
    let key = test_key();
    let source = key.export(ExportForm::Rust, "test_only").unwrap();
    assert_eq!(
        String::from_utf8(source).unwrap(),
        include_str!("keys/TEST-ONLY.rs")
    );
    assert_eq!(anchor::TEST_ONLY.key, key.to_bytes());
    assert_eq!(anchor::TEST_ONLY.id, key.key_id());

    let source = key.export(ExportForm::C, "test_only").unwrap();
    let text = String::from_utf8(source.clone()).unwrap();
    assert!(
        text.contains("static const uint8_t test_only[32]"),
        "{text}"
    );
    let folder = tempfile::tempdir().unwrap();
    let header = write(&folder, "trust.h", source);
    // Rust links with a C compiler, so there is one.
    let user = "#include \"trust.h\"\nint main(void) { return test_only[0] + test_only_id[7]; }\n";
    write(&folder, "user.c", user);
    let compiled = Command::new("cc")
        .args([
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsyntax-only",
            "user.c",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{header:?}: {compiled:?}");

    for name in ["", "1st", "a-b", "a b", "a;b", "schlüssel", &"x".repeat(65)] {
        let error = key.export(ExportForm::C, name).unwrap_err();
        assert_eq!(error.code(), 1225, "{name}");
    }
}

#[test]
fn a_cose_key_has_its_five_members_in_order() {
    let key = test_key();
    let bytes = key.export(ExportForm::Cose, "").unwrap();
    let mut expected = vec![0xa5, 1, 1, 2, 0x48];
    expected.extend(key.key_id().0);
    expected.extend([3, 0x27, 0x20, 6, 0x21, 0x58, 32]);
    expected.extend(key.to_bytes());
    assert_eq!(bytes, expected);
    let minisign = key.export(ExportForm::Minisign, "").unwrap();
    assert_eq!(minisign, key.to_file_text().as_bytes());
}

#[test]
fn openssl_reads_what_is_exported_and_makes_what_is_imported() {
    let run = |args: &[&str], folder: &TempDir| {
        Command::new("openssl")
            .args(args)
            .current_dir(folder.path())
            .stderr(Stdio::null())
            .output()
    };
    let folder = tempfile::tempdir().unwrap();
    let Ok(made) = run(
        &["genpkey", "-algorithm", "ed25519", "-out", "made.pem"],
        &folder,
    ) else {
        assert!(
            std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
            "openssl is not installed, and SPRAG_REQUIRE_TOOLS is set"
        );
        println!("skipped: openssl is not installed (apt-get install openssl)");
        return;
    };
    assert!(made.status.success());
    let key = public_of(read(&folder.path().join("made.pem")));
    let public = run(&["pkey", "-in", "made.pem", "-pubout"], &folder).unwrap();
    assert_eq!(public.stdout, key.export(ExportForm::Pem, "").unwrap());
}

#[cfg(unix)]
#[test]
fn a_new_password_leaves_the_key_and_its_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    let key = SigningKey::from_seed(KeyId(*b"TESTONLY"), &[7; 32]);
    let given = |text: &str| PasswordSource::Given(text.into());
    let protect = |text: &str| Protection::Password(text.into(), sprag::Cost::Moderate);
    change_protection(&path, &key, &protect("first")).unwrap();
    change_protection(&path, &key, &protect("second")).unwrap();
    assert_eq!(
        SigningKey::load(&path, &given("first")).unwrap_err().code(),
        1208
    );
    let opened = SigningKey::load(&path, &given("second")).unwrap();
    assert_eq!(opened.verifying_key(), key.verifying_key());
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let facts = KeyFacts::of(&path).unwrap();
    assert!(facts.key.is_none() && facts.secret.unwrap().is_encrypted);
    change_protection(&path, &key, &Protection::None).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let facts = KeyFacts::of(&path).unwrap();
    assert_eq!(facts.key, Some(key.verifying_key()));
    assert_eq!(facts.secret.unwrap().loose_mode, Some(0o040));
}
