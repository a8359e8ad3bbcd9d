//! A whole ceremony by command line: a trust store of 2 of 3 root and 2 of 3 release keys, a rotation, a revocation, a
//! package that carries them, signed here, on another machine and by another program.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::process::Command;

use desk::Desk;

fn desk() -> Desk {
    let desk = Desk::with_keys(&[
        "root1", "root2", "root3", "root4", "rel1", "rel2", "rel3", "rel4",
    ]);
    desk.ok(
        "trust init --out fleet.trust --name acme-fleet --root root1.pub --root root2.pub --root root3.pub \
         --root-threshold 2 --release rel1.pub --release rel2.pub --release rel3.pub --release-threshold 2",
    );
    desk
}

const BUILD: &str = "build --old 1.0.0=old.bin --new new.bin --new-version 1.1.0 --vendor acme --product sensor \
                     --hardware r1 --isa thumb --effort fast --codec stored --out fw.sprag --key rel1.key";

#[test]
fn a_ceremony() {
    let desk = desk();
    // Nothing is in force before two root keys have signed.
    assert_eq!(desk.refused("trust verify fleet.trust"), 1041);
    desk.ok("trust sign fleet.trust --key root1.key");
    assert_eq!(
        desk.refused("trust export fleet.trust --out factory.keyset"),
        1041
    );
    assert_eq!(desk.refused("trust sign fleet.trust --key rel1.key"), 1041);
    let said = desk.ok("trust sign fleet.trust --key root2.key");
    assert!(
        said.contains("signed by its own root keys: 2 of 2"),
        "{said}"
    );
    desk.ok("trust verify fleet.trust");
    desk.ok("trust export fleet.trust --out factory.keyset");
    assert!(desk.bytes("factory.keyset").len() < 1_000);
    desk.copy("fleet.trust", "first.trust");

    // One release key is revoked, another comes; then a root key is rotated.
    let said = desk.ok("trust revoke fleet.trust rel3.pub");
    assert!(said.contains("is REVOKED for ever"), "{said}");
    desk.ok("trust add fleet.trust --release rel4.pub");
    desk.ok("trust sign fleet.trust --key root1.key");
    desk.ok("trust sign fleet.trust --key root3.key");
    desk.ok("trust rotate fleet.trust --old root1.pub --new root4.pub");
    for (key, complete) in [("root2", false), ("root4", false), ("root3", true)] {
        desk.ok(&format!("trust sign fleet.trust --key {key}.key"));
        assert_eq!(desk.succeeds("trust verify fleet.trust"), complete, "{key}");
    }
    assert!(
        desk.ok("trust show fleet.trust")
            .contains("acme-fleet, version 3")
    );
    assert_eq!(
        desk.refused("trust add fleet.trust --release rel3.pub"),
        1041
    );

    // A package with the chain, for devices that know the first version alone.
    desk.ok(&format!("{BUILD} --keyset-chain fleet.trust"));
    assert_eq!(desk.refused("verify fw.sprag --trust first.trust"), 208);
    desk.ok("verify fw.sprag --trust rel1.pub");
    desk.copy("fw.sprag", "revoked.sprag");
    desk.ok("sign revoked.sprag --key rel3.key");
    assert_eq!(
        desk.refused("verify revoked.sprag --trust first.trust"),
        208
    );

    // Signed here, on another machine, and by a program: the same bytes.
    for name in ["here", "there", "program"] {
        desk.copy("fw.sprag", &format!("{name}.sprag"));
    }
    desk.ok("sign here.sprag --key rel4.key");
    desk.ok("sign there.sprag --request request.txt --key rel4.pub");
    let said = desk.ok("sign --respond request.txt --key rel4.key --answer answer.txt --yes");
    assert!(
        said.contains("product: sensor") && said.contains("security-counter: 0"),
        "{said}"
    );
    // By the key that was asked, and no other.
    assert_eq!(
        desk.refused("sign there.sprag --attach answer.txt --key rel2.pub"),
        1042
    );
    desk.ok("sign there.sprag --attach answer.txt --key rel4.pub");
    assert_eq!(desk.bytes("there.sprag"), desk.bytes("here.sprag"));
    assert_eq!(
        desk.refused("sign there.sprag --attach answer.txt --key rel4.pub"),
        1041
    );
    external(&desk);
    assert_eq!(desk.bytes("program.sprag"), desk.bytes("here.sprag"));

    // A device with a single slot stages the package without its chain, and its bootloader judges it again.
    desk.ok(&format!(
        "{} --keyset-chain fleet.trust --in-place 4096",
        BUILD.replace("--codec stored", "--codec native")
    ));
    desk.ok("verify fw.sprag --trust rel1.pub");

    for store in ["first.trust", "fleet.trust"] {
        let said = desk.ok(&format!("verify here.sprag --trust {store} --json"));
        assert!(said.contains("\"keyset_version\": 3"), "{said}");
        desk.ok(&format!(
            "apply here.sprag --old old.bin --out made.bin --trust {store}"
        ));
        assert_eq!(desk.bytes("made.bin"), desk.bytes("new.bin"));
    }

    // Simulated devices have followed the chain in front of the package.
    let device = "ram = 40000\n[flash]\nslot-size = 131072\nsector-size = 4096\nwrite-size = 4\n";
    fs::write(desk.path("device.toml"), device).unwrap();
    let said = desk.ok(
        "simulate here.sprag --old old.bin --device device.toml --cuts 2 --bad-sectors 0 --flaky-reads 0 --json",
    );
    assert!(said.contains("\"may_ship\": true"), "{said}");
}

/// A signer that looks its signature up in an answer made before: what a service would do with a key of its own.
fn external(desk: &Desk) {
    if cfg!(not(unix)) {
        desk.copy("here.sprag", "program.sprag");
        return;
    }
    let script = desk.path("signer");
    let text = "#!/bin/sh\nask=$(cat)\ncase \"$ask\" in *'\"algorithm\":\"Ed25519\"'*) ;; *) exit 1 ;; esac\n\
                printf '{\"signature\": \"%s\"}' \"$(sed -n 's/^signature: //p' answer.txt)\"\n";
    fs::write(&script, text).unwrap();
    assert!(
        Command::new("chmod")
            .arg("+x")
            .arg(&script)
            .status()
            .unwrap()
            .success()
    );
    desk.ok("sign program.sprag --external ./signer --key rel4.pub");
    // What it answers is checked: this signature is another key's.
    desk.copy("fw.sprag", "bad.sprag");
    assert_eq!(
        desk.refused("sign bad.sprag --external ./signer --key rel2.pub"),
        1042
    );
}

#[test]
fn a_changed_request_is_not_answered() {
    let desk = desk();
    desk.ok(BUILD);
    desk.ok("sign fw.sprag --request request.txt --key rel2.pub");
    let (path, text) = (desk.path("request.txt"), desk.text("request.txt"));
    fs::write(&path, text.replace("product: sensor", "product: sensory")).unwrap();
    let line = "sign --respond request.txt --key rel2.key --answer answer.txt --yes";
    assert_eq!(desk.refused(line), 1042);
    assert!(!desk.path("answer.txt").exists());
    fs::write(&path, text).unwrap();
    assert_eq!(desk.refused(&line.replace("rel2", "rel1")), 1042);
    // Nobody is there to confirm; and no answer takes the place of the key.
    assert_eq!(desk.refused(&line.replace(" --yes", "")), 1042);
    let key = desk.bytes("rel2.key");
    assert!(!desk.succeeds(&line.replace("answer.txt", "rel2.key")));
    assert!(!desk.succeeds("sign fw.sprag --request rel2.pub --key rel2.pub"));
    assert_eq!(desk.bytes("rel2.key"), key);
    desk.ok(line);
}

#[test]
fn a_highest_counter_needs_a_lowest() {
    let desk = desk();
    assert_eq!(
        desk.refused("trust limit fleet.trust --max-sequence 100"),
        1041
    );
    desk.ok("trust limit fleet.trust --min-sequence 5 --max-sequence 100");
}
