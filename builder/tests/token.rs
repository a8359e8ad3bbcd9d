//! Keys that never were in a file: made inside SoftHSM2 of Debian, and held by the ssh-agent of OpenSSH.
//!
//! Where a tool is missing its tests say so and pass, unless `SPRAG_REQUIRE_TOOLS` is set. `cargo xtask interop-tools` fetches
//! SoftHSM2 into `target/interop-tools`, without installing it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/softhsm.rs"]
mod softhsm;

use std::fs;
use std::process::{Child, Command, Stdio};

use desk::Desk;
use softhsm::SoftHsm;

const BUILD: &str = "build --new new.bin --new-version 1.1.0 --vendor acme --product sensor --hardware r1 --isa thumb \
                     --codec stored --out fw.sprag --key rel1.key";

#[test]
fn a_token_signs_packages_and_key_sets() {
    let Some(hsm) = SoftHsm::with_keys(&["rel2", "root2"]) else {
        return;
    };
    let desk = Desk::with_keys(&["rel1", "root1"]);
    let module = hsm.module().display().to_string();
    let ok = |line: &str| desk.ok_with(line, &hsm.environment());
    let refused = |line: &str| desk.refused_with(line, &hsm.environment());
    let held = |key: &str| format!("--pkcs11 {module} --token sprag-test --key-label {key}");
    for key in ["rel2", "root2"] {
        ok(&format!("key import {} --out {key}.pub", held(key)));
        ok(&format!("key check {key}.pub"));
    }
    desk.ok(BUILD);
    fs::write(desk.path("pin"), "1234\n").unwrap();
    fs::write(desk.path("wrong"), "4321\n").unwrap();
    let sign = format!("sign fw.sprag {} --key rel2.pub", held("rel2"));
    // Nobody is there to ask; a wrong PIN, token, key and module are told apart, and nothing is written.
    let before = desk.bytes("fw.sprag");
    assert_eq!(refused(&sign), 1183);
    let sign = format!("{sign} --pin-file pin");
    assert_eq!(
        refused(&sign.replace("--pin-file pin", "--pin-file wrong")),
        1183
    );
    assert_eq!(refused(&sign.replace("sprag-test", "another")), 1181);
    assert_eq!(
        refused(&sign.replace("key-label rel2", "key-label rel9")),
        1182
    );
    assert_eq!(refused(&sign.replace(&module, "none.so")), 1180);
    assert_eq!(
        refused(&sign.replace("--key rel2.pub", "--key root2.pub")),
        1188
    );
    assert_eq!(
        refused(&sign.replace("--key rel2.pub", "--key rel1.key")),
        1203
    );
    assert_eq!(before, desk.bytes("fw.sprag"));

    // Directly, and by a request: the same bytes, which a device takes under this key alone.
    desk.copy("fw.sprag", "far.sprag");
    ok(&sign);
    desk.ok("verify fw.sprag --trust rel2.pub");
    desk.ok("sign far.sprag --request request.txt --key rel2.pub");
    let respond = format!(
        "sign --respond request.txt {} --pin-file pin --key rel2.pub --answer answer.txt --yes",
        held("rel2")
    );
    assert_eq!(refused(&respond.replace("rel2.pub", "root2.pub")), 1042);
    ok(&respond);
    desk.ok("sign far.sprag --attach answer.txt --key rel2.pub");
    assert_eq!(desk.bytes("fw.sprag"), desk.bytes("far.sprag"));

    // Two of two: one release key and one root key live in the token.
    desk.ok(
        "trust init --out t.trust --name acme --root root1.pub --root root2.pub --root-threshold 2 --release rel1.pub \
         --release rel2.pub --release-threshold 2",
    );
    desk.ok("trust sign t.trust --key root1.key");
    ok(&format!(
        "trust sign t.trust --key root2.pub {} --pin-file pin",
        held("root2")
    ));
    desk.ok("trust verify t.trust");
    desk.ok("verify fw.sprag --trust t.trust");
    // An approval too, and a head.
    let held = format!("--key root2.pub {} --pin-file pin", held("root2"));
    ok(&format!("audit init log {held}"));
    ok(&format!("audit approve log --package fw.sprag {held}"));
    let wrong = held.replace("--pin-file pin", "--pin-file wrong");
    assert_eq!(
        refused(&format!("audit approve log --package fw.sprag {wrong}")),
        1183
    );
    ok(&format!(
        "audit head log --trust root2.pub --out head {held}"
    ));
    desk.ok("audit verify log --trust root2.pub --head head --package fw.sprag");
}

/// An agent of our own, which ends with the test.
struct Agent {
    child: Child,
    socket: String,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    fn start(desk: &Desk) -> Option<Self> {
        let socket = desk.path("agent.sock");
        let started = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            let required = std::env::var_os("SPRAG_REQUIRE_TOOLS").is_some();
            assert!(!required, "no ssh-agent, and SPRAG_REQUIRE_TOOLS is set");
            println!("skipped: no ssh-agent (apt-get install openssh-client)");
            return None;
        };
        let mut agent = Self {
            child,
            socket: socket.display().to_string(),
        };
        while !socket.exists() {
            assert!(agent.child.try_wait().unwrap().is_none(), "it ended");
            std::thread::yield_now();
        }
        Some(agent)
    }

    fn run(&self, desk: &Desk, program: &str, arguments: &[&str]) {
        let output = Command::new(program)
            .args(arguments)
            .env("SSH_AUTH_SOCK", &self.socket)
            .current_dir(desk.path("."))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
    }
}

#[test]
fn an_agent_signs_packages_and_key_sets() {
    let desk = Desk::with_keys(&["rel1", "root1"]);
    let Some(agent) = Agent::start(&desk) else {
        return;
    };
    let environment = [("SSH_AUTH_SOCK", agent.socket.clone())];
    let ok = |line: &str| desk.ok_with(line, &environment);
    let refused = |line: &str| desk.refused_with(line, &environment);
    agent.run(
        &desk,
        "ssh-keygen",
        &["-q", "-t", "ed25519", "-N", "", "-f", "id", "-C", "release"],
    );
    agent.run(
        &desk,
        "ssh-keygen",
        &["-q", "-t", "ecdsa", "-N", "", "-f", "ec"],
    );
    assert!(desk.text("id.pub").starts_with("ssh-ed25519 "));
    desk.ok("key import id.pub --out agent.pub");
    assert_eq!(desk.refused("key import ec.pub --out ec.out"), 1219);
    desk.ok(BUILD);
    let before = desk.bytes("fw.sprag");
    let sign = "sign fw.sprag --ssh-agent --key agent.pub";
    assert_eq!(refused(sign), 1186);
    agent.run(&desk, "ssh-add", &["-q", "ec"]);
    assert_eq!(refused(sign), 1186);
    agent.run(&desk, "ssh-add", &["-q", "id"]);
    fs::remove_file(desk.path("id")).unwrap();
    // Not where there is no agent, and no other key.
    assert_eq!(desk.refused(sign), 1185);
    assert_eq!(refused("sign fw.sprag --ssh-agent --key root1.pub"), 1186);
    assert_eq!(before, desk.bytes("fw.sprag"));
    ok(sign);
    desk.ok("verify fw.sprag --trust agent.pub");
    desk.ok("trust init --out t.trust --name acme --root agent.pub --release rel1.pub");
    assert!(!desk.succeeds("trust verify t.trust"));
    ok("trust sign t.trust --key agent.pub --ssh-agent");
    desk.ok("trust verify t.trust");
}

/// The example of an external signer, with OpenSSL in the place of a cloud's key service.
#[test]
fn an_external_program_signs() {
    for program in ["openssl", "python3"] {
        if Command::new(program).arg("--help").output().is_err() {
            let required = std::env::var_os("SPRAG_REQUIRE_TOOLS").is_some();
            assert!(!required, "no {program}, and SPRAG_REQUIRE_TOOLS is set");
            println!("skipped: no {program}");
            return;
        }
    }
    let desk = Desk::with_keys(&["rel1"]);
    let openssl = |line: &str| {
        let mut command = Command::new("openssl");
        let command = command
            .args(line.split_whitespace())
            .current_dir(desk.path("."));
        let output = command.output().unwrap();
        assert!(output.status.success(), "openssl {line}: {output:?}");
    };
    openssl("genpkey -algorithm ed25519 -out service.pem");
    openssl("genpkey -algorithm ed25519 -out other.pem");
    openssl("pkey -in service.pem -pubout -out service.pub.pem");
    desk.ok("key import service.pub.pem --out service.pub");
    desk.ok(BUILD);
    let before = desk.bytes("fw.sprag");
    let program = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../keys-example/external-signer.py"
    );
    let sign = format!("sign fw.sprag --external {program} --key service.pub");
    let with = |key: &str, more: &str| {
        let command = format!(
            "openssl pkeyutl -sign -rawin -inkey {} -in {{message}} -out {{signature}}{more}",
            desk.path(key).display()
        );
        [("SIGNER_COMMAND", command)]
    };
    // Another key, a program that fails, and one that signs nothing: 1042, and the package stays as it was.
    for environment in [
        with("other.pem", ""),
        with("none.pem", ""),
        with("service.pem", " && : > {signature}"),
    ] {
        assert_eq!(desk.refused_with(&sign, &environment), 1042);
    }
    assert_eq!(before, desk.bytes("fw.sprag"));
    desk.copy("fw.sprag", "base64.sprag");
    desk.ok_with(&sign, &with("service.pem", ""));
    desk.ok("verify fw.sprag --trust service.pub");
    // Services answer in Base64.
    let base64 =
        " && openssl base64 -A -in {signature} -out {signature}.b && mv {signature}.b {signature}";
    let sign = sign.replace("fw.sprag", "base64.sprag");
    desk.ok_with(&sign, &with("service.pem", base64));
    assert_eq!(desk.bytes("base64.sprag"), desk.bytes("fw.sprag"));
}
