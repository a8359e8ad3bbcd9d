//! The audit log by command line: a release that is approved, built, simulated and signed, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;

use desk::Desk;

const LOG: &str = "--audit release.log --audit-key desk.key";
const BUILD: &str = "build --new new.bin --new-version 1.1.0 --vendor acme --product sensor --hardware r1 --isa thumb \
                     --codec stored --out fw.sprag --key rel1.key";
const TRUST: &str = "--trust desk.pub --trust alice.pub --trust bob.pub";

fn desk() -> Desk {
    let desk = Desk::with_keys(&["desk", "alice", "bob", "rel1", "rel2", "root"]);
    desk.ok("audit init release.log --key desk.key");
    desk
}

fn entries(desk: &Desk) -> usize {
    desk.text("release.log").lines().count()
}

#[test]
fn a_release() {
    let desk = desk();
    let about = "--new new.bin --new-version 1.1.0 --vendor acme --product sensor";
    desk.ok(&format!(
        "audit approve release.log --key alice.key {about}"
    ));
    desk.ok(&format!("{BUILD} {LOG} --approval 1"));
    desk.ok("audit approve release.log --key bob.key --package fw.sprag");
    let verify = format!("audit verify release.log {TRUST} --package fw.sprag");
    let said = desk.ok(&format!("{verify} --approvals 2"));
    assert!(
        said.contains("entry 1, 3") && said.contains("names entry 1"),
        "{said}"
    );
    assert!(said.contains("the first 2 entries"), "{said}");
    // Devices do not care for what a package names.
    desk.ok("verify fw.sprag --trust rel1.pub");

    desk.ok("audit head release.log --key desk.key --trust desk.pub --trust alice.pub --trust bob.pub --out head");
    desk.ok(&format!("sign fw.sprag --key rel2.key {LOG}"));
    // A signature more is the same manifest, and the approvals hold.
    let said = desk.ok(&format!("{verify} --approvals 2 --head head"));
    assert!(said.contains("the first 4 entries; 1 behind"), "{said}");

    // Another key's approval is no second one of the same, and a number that approves nothing is refused.
    assert_eq!(desk.refused(&format!("{verify} --approvals 3")), 1171);
    assert_eq!(desk.refused(&format!("{BUILD} {LOG} --approval 0")), 1172);
    assert_eq!(desk.refused(&format!("{BUILD} {LOG} --approval 99")), 1169);
    assert_eq!(
        desk.refused("audit verify release.log --trust desk.pub"),
        1163
    );

    desk.ok("audit revoke release.log --key alice.key --package fw.sprag --reason withdrawn");
    assert_eq!(desk.refused(&verify), 1171);
    desk.copy("release.log", "whole.log");
    let cut: String = desk
        .text("release.log")
        .split_inclusive('\n')
        .take(3)
        .collect();
    fs::write(desk.path("release.log"), cut).unwrap();
    desk.ok(&format!("audit verify release.log {TRUST}"));
    assert_eq!(
        desk.refused(&format!("audit verify release.log {TRUST} --head head")),
        1169
    );
    desk.copy("whole.log", "release.log");
    let said = desk.ok("audit show release.log");
    for words in [
        "1 approve by key",
        "2 build by key",
        "4 sign by key",
        "reason: withdrawn",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
}

#[test]
fn a_withdrawal_withdraws_or_is_refused() {
    let desk = desk();
    let about = "--new new.bin --new-version 1.1.0 --vendor acme --product sensor";
    let approve =
        |what: &str| desk.ok(&format!("audit approve release.log --key alice.key {what}"));
    let revoke = |what: &str| format!("audit revoke release.log --key bob.key {what} --reason why");
    let image = |hardware: &str| format!("{about} --hardware {hardware}");
    desk.ok(&BUILD.replace("--hardware r1", "--hardware r1,r2"));
    let verify = format!("audit verify release.log {TRUST} --package fw.sprag");

    // Nothing is approved, or something else: nothing is written, and that is said.
    let nothing = |what: &str| {
        let before = entries(&desk);
        assert_eq!(desk.refused(&revoke(what)), 1173, "{what}");
        assert_eq!(entries(&desk), before, "{what}");
    };
    nothing(about);
    nothing("--package fw.sprag");
    for approved in [&image("r1,r2"), about, "--package fw.sprag"] {
        approve(approved);
        desk.ok(&verify);
        nothing(&about.replace("sensor", "sensors"));
        nothing(&about.replace("1.1.0", "1.1.1"));
        // One revision of two is enough to stop a package for both.
        let said = desk.ok(&revoke(&image("r1")));
        let withdrawn = entries(&desk) - 2;
        assert!(
            said.contains(&format!("withdraws entry {withdrawn}\n")),
            "{said}"
        );
        assert_eq!(desk.refused(&verify), 1171, "{approved}");
        nothing(&image("r1"));
        nothing("--package fw.sprag");
        // What is left of an approval of the image can be withdrawn too, once.
        if approved != "--package fw.sprag" {
            desk.ok(&revoke(about));
        }
        nothing(about);
    }
    // An approval of one revision does not cover the package, and a withdrawal of another does not touch it.
    approve(&image("r2"));
    assert_eq!(desk.refused(&verify), 1171);
    nothing(&image("r1"));
    nothing("--package fw.sprag");
    desk.ok(&revoke(&image("r2,r3")));
}

#[test]
fn a_log_is_neither_passed_over_nor_overwritten() {
    let desk = desk();
    desk.ok(BUILD);
    desk.ok("key generate --lms H5/W8 --no-password --out lms.key");
    let files = [
        "release.log",
        "desk.key",
        "lms.key",
        "lms.key.state",
        "fw.sprag",
    ];
    let kept = || files.map(|name| desk.bytes(name));
    let before = kept();
    for line in [
        "sign fw.sprag --key rel2.key --audit-key desk.key",
        "sign fw.sprag --key rel2.key --audit-time 7",
        "sign fw.sprag --key rel2.key --audit release.log",
    ] {
        assert!(!desk.succeeds(line), "{line}");
    }
    for out in files.into_iter().filter(|name| *name != "fw.sprag") {
        for line in [
            format!("sign fw.sprag --key lms.key --out {out} {LOG}"),
            format!("{} {LOG} --lms-key lms.key", BUILD.replace("fw.sprag", out)),
        ] {
            assert_eq!(desk.refused(&line), 1104, "{line}");
        }
    }
    for out in ["release.log", "desk.key"] {
        let line = format!("sign fw.sprag --key rel2.pub --request {out} {LOG}");
        assert_eq!(desk.refused(&line), 1104, "{line}");
    }
    assert!(before == kept());
    assert!(!desk.succeeds(&format!(
        "audit verify release.log {TRUST} --package fw.sprag --approvals 0"
    )));
    // A log that its first entry could not be written to is not left behind.
    assert_eq!(
        desk.refused("audit init new.log --key desk.pub --ssh-agent"),
        1185
    );
    assert!(!desk.path("new.log").exists());
}

#[test]
fn every_command_leaves_its_entry() {
    let desk = desk();
    let last = |action: &str, entries_now: usize| {
        assert_eq!(entries(&desk), entries_now, "{action}");
        let log = desk.text("release.log");
        let line = log.lines().last().unwrap();
        assert!(line.contains(&format!("\"action\":\"{action}\"")), "{line}");
        line.to_owned()
    };
    desk.ok(&format!("{BUILD} {LOG} --allow-isa-mismatch"));
    last("build", 3);
    assert!(desk.text("release.log").contains("\"action\":\"override\""));
    desk.ok(&format!(
        "simulate fw.sprag --device cortex-m-256k --cuts 2 --bad-sectors 1 --flaky-reads 1 {LOG}"
    ));
    assert!(last("simulate", 4).contains("\"may_ship\":true"));
    desk.ok("sign fw.sprag --request request.txt --key rel2.pub");
    desk.ok(&format!(
        "sign --respond request.txt --key rel2.key --answer answer.txt --yes {LOG}"
    ));
    last("sign", 5);
    desk.ok(&format!(
        "sign fw.sprag --attach answer.txt --key rel2.pub {LOG}"
    ));
    assert!(last("sign", 6).contains("\"package\""));
    desk.ok("trust init --out t.trust --name acme --root root.pub --release rel1.pub --release rel2.pub");
    desk.ok(&format!("trust sign t.trust --key root.key {LOG}"));
    assert!(last("sign", 7).contains("\"keyset\""));
    desk.ok(&format!("trust revoke t.trust rel2.pub {LOG}"));
    assert!(last("revoke", 8).contains("\"revoked\""));
    desk.ok(&format!("audit verify release.log {TRUST}"));

    // Where no entry can be left, nothing is done.
    let before = (desk.bytes("fw.sprag"), desk.bytes("t.trust"));
    let mut torn = desk.bytes("release.log");
    torn.truncate(torn.len() - 20);
    fs::write(desk.path("release.log"), torn).unwrap();
    for line in [
        BUILD,
        "sign fw.sprag --key root.key",
        "trust sign t.trust --key root.key",
        "trust revoke t.trust rel1.pub",
    ] {
        assert_eq!(desk.refused(&format!("{line} {LOG}")), 1167, "{line}");
    }
    assert_eq!(
        desk.refused(&format!("{BUILD} --audit none.log --audit-key desk.key")),
        1160
    );
    assert!(before == (desk.bytes("fw.sprag"), desk.bytes("t.trust")));
    assert_eq!(
        desk.refused(&format!("audit verify release.log {TRUST}")),
        1167
    );
    desk.ok("audit repair release.log --key desk.key");
    desk.ok(&format!("audit verify release.log {TRUST}"));
    assert_eq!(entries(&desk), 8);
    assert!(!desk.succeeds("audit init release.log --key desk.key"));
}

#[test]
fn processes_at_once_append_one_after_the_other() {
    let desk = desk();
    let children: Vec<_> = (0..8)
        .map(|number| {
            let line = format!(
                "audit override release.log --key {}.key --new new.bin --new-version 1.{number}.0 --vendor acme \
                 --product sensor --reason test",
                ["desk", "alice", "bob"][number % 3]
            );
            desk.command(&line).spawn().unwrap()
        })
        .collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(entries(&desk), 9);
    desk.ok(&format!("audit verify release.log {TRUST}"));
}
