//! Tools that sign bytes which somebody else chose, put before the structure that an envelope signs (RFC 9052, `Sig_structure`):
//! stock minisign and signify of Debian. A prehashed signature authenticates nothing. A bare one is an envelope's, which
//! is why release keys are for Sprag alone, and why Sprag makes no bare ones over files.
//!
//! Where a tool is missing its tests say so and pass, unless `SPRAG_REQUIRE_TOOLS` is set.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/fixture.rs"]
mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ct_codecs::{Base64, Decoder as _};
use sprag::{
    CodecChoice, FullImage, KeyFiles, NewKey, PasswordSource, Protection, Request, SigningKey,
    VerifyingKey, add_signature, verify, verify_detached,
};
use sprag_verifier::{ExampleKeys, KeyRole, TrustAnchors, TrustedKey};
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
    package: Vec<u8>,
}

impl Bench {
    /// A package that nobody of interest has signed, if `program` is here.
    fn new(program: &Path) -> Option<Self> {
        if Command::new(program).arg("-v").output().is_err() {
            let required = std::env::var_os("SPRAG_REQUIRE_TOOLS").is_some();
            assert!(!required, "no {program:?}, and SPRAG_REQUIRE_TOOLS is set");
            println!("skipped: no {program:?} (cargo xtask interop-tools)");
            return None;
        }
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
            package: fixture::package(CodecChoice::Stored, FullImage::Always, 4096),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &Path, line: &str) -> Output {
        let mut command = Command::new(program);
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path());
        command.output().unwrap()
    }

    fn ok(&self, program: &Path, line: &str) {
        let output = self.run(program, line);
        assert!(output.status.success(), "{program:?} {line}: {output:?}");
    }

    /// A file that equals what `key` would sign for the package.
    fn put_structure(&self, key: &VerifyingKey) -> Request {
        let request = Request::new(&self.package, key).unwrap();
        fs::write(self.path("structure"), request.message().unwrap()).unwrap();
        request
    }

    /// The signature in the second line of a file, and the one in its fourth if there is one.
    fn signatures(&self, name: &str) -> Vec<[u8; 64]> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let lines = text.lines().skip(1).step_by(2);
        let bytes = lines.map(|line| Base64::decode_to_vec(line, None).unwrap());
        bytes
            .map(|bytes| bytes[bytes.len() - 64..].try_into().unwrap())
            .collect()
    }

    /// Whether a device that trusts `key` alone takes the package with its signature.
    fn device_takes(&self, package: &[u8], key: &VerifyingKey) -> bool {
        let keys = [TrustedKey {
            id: key.key_id(),
            role: KeyRole::Release,
            key: key.to_bytes(),
        }];
        let anchors = TrustAnchors {
            keys: &keys,
            example_keys: ExampleKeys::Refuse,
        };
        assert!(verify(&self.package, &anchors, None).is_err());
        verify(package, &anchors, None).is_ok()
    }
}

const NOWHERE: &str = "answer";

#[test]
fn minisign_over_a_sig_structure() {
    let minisign = Path::new("minisign");
    let Some(bench) = Bench::new(minisign) else {
        return;
    };
    let files = KeyFiles::beside(&bench.path("ours.key"));
    let key = NewKey::check(&files)
        .unwrap()
        .generate(&Protection::None)
        .unwrap();
    let public = key.verifying_key();
    let request = bench.put_structure(&public);

    // Prehashed, as stock minisign does unless told otherwise: neither signature in its file is an envelope's.
    for flag in ["", "-H"] {
        bench.ok(
            minisign,
            &format!("-S {flag} -s ours.key -m structure -x pre.sig"),
        );
        let made = bench.signatures("pre.sig");
        assert_eq!(made.len(), 2);
        for signature in made {
            let refused = request.answered_by(NOWHERE.as_ref(), signature);
            assert_eq!(refused.unwrap_err().code(), 1042, "{flag}");
        }
    }
    // Bare, the old kind: the same bytes as a signature that was meant. Only who holds the key stands before this.
    bench.ok(minisign, "-S -l -s ours.key -m structure -x old.sig");
    let made = bench.signatures("old.sig");
    let answer = request.answered_by(NOWHERE.as_ref(), made[0]).unwrap();
    let attached = answer.attach(NOWHERE.as_ref(), &bench.package).unwrap();
    assert_eq!(attached, add_signature(&bench.package, &key).unwrap());
    assert!(bench.device_takes(&attached, &public));
    assert!(request.answered_by(NOWHERE.as_ref(), made[1]).is_err());

    // We verify that kind, and make none: over the same file ours is another one.
    let text = fs::read_to_string(bench.path("old.sig")).unwrap();
    let structure = fs::read(bench.path("structure")).unwrap();
    verify_detached(&public, &text, &structure).unwrap();
    // A trusted comment that was edited is refused by both, as is a comment from another file's signature.
    let edited = text.replace("file:structure", "file:other");
    assert_ne!(edited, text);
    fs::write(bench.path("edited.sig"), &edited).unwrap();
    let refused = verify_detached(&public, &edited, &structure).unwrap_err();
    assert_eq!(refused.code(), 1222);
    let verify = "-V -p ours.pub -m structure -x edited.sig";
    assert!(!bench.run(minisign, verify).status.success());
    let pre = fs::read_to_string(bench.path("pre.sig")).unwrap();
    let mixed: Vec<&str> = text.lines().take(2).chain(pre.lines().skip(2)).collect();
    let refused = verify_detached(&public, &(mixed.join("\n") + "\n"), &structure);
    assert_eq!(refused.unwrap_err().code(), 1222);

    // The other way round: the signature of an envelope is not taken for one of a file, for want of the second one.
    let head = text.lines().take(2).collect::<Vec<_>>().join("\n");
    let cut = verify_detached(&public, &(head + "\n"), &structure);
    assert_eq!(cut.unwrap_err().code(), 1220);
}

/// `signify-openbsd`: fetched by `cargo xtask interop-tools`, or installed.
fn signify() -> PathBuf {
    let fetched = "../target/interop-tools/prefix/bin/signify-openbsd";
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join(fetched);
    match fetched.exists() {
        true => fetched,
        false => "signify-openbsd".into(),
    }
}

#[test]
fn signify_over_a_sig_structure_and_a_package() {
    let signify = signify();
    let Some(bench) = Bench::new(&signify) else {
        return;
    };
    bench.ok(&signify, "-G -n -p them.pub -s them.sec");
    // Its public keys have minisign's form, its secret ones have not.
    let public = VerifyingKey::load(&bench.path("them.pub")).unwrap();
    let secret = SigningKey::load(&bench.path("them.sec"), &PasswordSource::Given("".into()));
    assert_eq!(secret.unwrap_err().code(), 1202);
    // Its signatures are bare, and have no trusted comment: we verify none, and devices would take one as their own.
    fs::write(bench.path("fw.sprag"), &bench.package).unwrap();
    bench.ok(&signify, "-S -s them.sec -m fw.sprag -x fw.sig");
    let text = fs::read_to_string(bench.path("fw.sig")).unwrap();
    let refused = verify_detached(&public, &text, &bench.package);
    assert_eq!(refused.unwrap_err().code(), 1220);
    let request = bench.put_structure(&public);
    let signature = bench.signatures("fw.sig")[0];
    assert!(request.answered_by(NOWHERE.as_ref(), signature).is_err());
    bench.ok(&signify, "-S -s them.sec -m structure -x structure.sig");
    let signature = bench.signatures("structure.sig")[0];
    let answer = request.answered_by(NOWHERE.as_ref(), signature).unwrap();
    let attached = answer.attach(NOWHERE.as_ref(), &bench.package).unwrap();
    assert!(bench.device_takes(&attached, &public));

    // What we make, it does not read: prehashed signatures are minisign's own.
    let files = KeyFiles::beside(&bench.path("ours.key"));
    let ours = NewKey::check(&files)
        .unwrap()
        .generate(&Protection::None)
        .unwrap();
    let name = bench.path("fw.sprag");
    let comment = sprag::TrustedComment::for_file(&name, sprag::sha256(&bench.package)).unwrap();
    let text = ours
        .sign_detached(bench.package.as_slice(), &comment)
        .unwrap();
    fs::write(bench.path("ours.sig"), text).unwrap();
    let verify = "-V -p ours.pub -m fw.sprag -x ours.sig";
    assert!(!bench.run(&signify, verify).status.success());
}
