//! SoftHSM2 of Debian: a token in a folder of its own, with keys that are made inside it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use tempfile::TempDir;

/// The token, labelled `sprag-test`, with the PIN 1234.
pub(crate) struct SoftHsm {
    folder: TempDir,
    module: PathBuf,
}

impl SoftHsm {
    /// A token with these keys, if SoftHSM2 is here.
    pub(crate) fn with_keys(labels: &[&str]) -> Option<Self> {
        let Some(module) = module() else {
            let required = env::var_os("SPRAG_REQUIRE_TOOLS").is_some();
            assert!(!required, "no SoftHSM2, and SPRAG_REQUIRE_TOOLS is set");
            println!(
                "skipped: no SoftHSM2 (cargo xtask interop-tools, or apt-get install softhsm2)"
            );
            return None;
        };
        let hsm = Self {
            folder: TempDir::new().unwrap(),
            module,
        };
        let tokens = hsm.folder.path().join("tokens");
        fs::create_dir(&tokens).unwrap();
        let conf = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(hsm.conf(), conf).unwrap();
        // The module reads its configuration from the environment of its process: so this program once more.
        let made = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "softhsm::makes_a_token",
                "--ignored",
                "--nocapture",
            ])
            .env("SPRAG_TEST_MODULE", &hsm.module)
            .env("SPRAG_TEST_LABELS", labels.join(" "))
            .envs(hsm.environment())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let said = String::from_utf8(made.stdout).unwrap();
        assert!(said.contains("1 passed"), "{said}");
        Some(hsm)
    }

    /// Where the module is.
    pub(crate) fn module(&self) -> &Path {
        &self.module
    }

    /// What a process needs to find the token.
    pub(crate) fn environment(&self) -> [(&'static str, String); 1] {
        [("SOFTHSM2_CONF", self.conf().display().to_string())]
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }
}

/// Where the module is: fetched by `cargo xtask interop-tools`, or installed.
fn module() -> Option<PathBuf> {
    let fetched =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/interop-tools/prefix/usr/lib");
    let folders = fs::read_dir(fetched).into_iter().flatten().flatten();
    let mut places: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    places.push("/usr/lib".into());
    places.push("/usr/lib64".into());
    let modules = places
        .iter()
        .map(|place| place.join("softhsm/libsofthsm2.so"));
    modules.into_iter().find(|module| module.exists())
}

#[test]
#[ignore = "run by the tests that need a token, in a process with a configuration of its own"]
fn makes_a_token() {
    let module = env::var_os("SPRAG_TEST_MODULE").unwrap();
    let labels = env::var("SPRAG_TEST_LABELS").unwrap();
    let context = Pkcs11::new(module).unwrap();
    let threads = CInitializeFlags::OS_LOCKING_OK;
    context.initialize(CInitializeArgs::new(threads)).unwrap();
    let slot = context.get_slots_with_token().unwrap().remove(0);
    let (officer, user) = (AuthPin::from("12345678"), AuthPin::from("1234"));
    context.init_token(slot, &officer, "sprag-test").unwrap();
    let slot = context
        .get_slots_with_initialized_token()
        .unwrap()
        .remove(0);
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::So, Some(&officer)).unwrap();
    session.init_pin(&user).unwrap();
    session.logout().unwrap();
    session.login(UserType::User, Some(&user)).unwrap();
    for label in labels.split(' ') {
        let named = || Attribute::Label(label.as_bytes().to_vec());
        // OBJECT IDENTIFIER 1.3.101.112: Ed25519, as RFC 8410 has it.
        let curve = Attribute::EcParams(b"\x06\x03\x2b\x65\x70".to_vec());
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            curve,
            named(),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            named(),
        ];
        let mechanism = Mechanism::EccEdwardsKeyPairGen;
        let (_, secret) = session
            .generate_key_pair(&mechanism, &public, &private)
            .unwrap();
        let wanted = [
            AttributeType::NeverExtractable,
            AttributeType::Local,
            AttributeType::KeyType,
        ];
        let said = session.get_attributes(secret, &wanted).unwrap();
        // Made inside, and never anywhere else.
        assert_eq!(
            said,
            [
                Attribute::NeverExtractable(true),
                Attribute::Local(true),
                Attribute::KeyType(KeyType::EC_EDWARDS)
            ]
        );
        let value = session.get_attributes(secret, &[AttributeType::Value]);
        assert!(value.is_err() || value.is_ok_and(|value| value.is_empty()));
    }
}
