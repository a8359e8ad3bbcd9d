use proptest::prelude::*;

use super::causes::Subject::{Code, Field};
use super::*;
use crate::explain::explain;

fn of(log: &str) -> Vec<(Subject, u8)> {
    let causes = diagnose(log.as_bytes()).causes;
    causes.iter().map(|c| (c.subject, c.confidence)).collect()
}

fn first(log: &str) -> Option<Subject> {
    of(log).first().map(|(subject, _)| *subject)
}

/// Three lines that users have reported.
#[test]
fn the_three_lines_of_the_field() {
    let signature = diagnose(b"Firmware validation failed: invalid signature");
    let ranked: Vec<_> = signature
        .causes
        .iter()
        .map(|c| (c.subject, c.confidence))
        .collect();
    assert_eq!(
        ranked,
        [
            (Code(202), 74),
            (Code(201), 49),
            (Code(203), 29),
            (Code(207), 29)
        ]
    );

    let memory = diagnose(b"Low memory condition detected (free: 128MB < threshold: 256MB)");
    assert_eq!(memory.causes[0].subject, Code(333));
    assert_eq!(memory.causes[1].subject, Code(402));
    assert_eq!(
        memory.causes[0].facts,
        [Fact::Memory {
            free: 128 << 20,
            threshold: 256 << 20
        }]
    );

    let flash = diagnose(b"Flash write error at offset 0x0800F000");
    assert_eq!(flash.causes[0].subject, Code(802));
    assert_eq!(flash.causes[0].facts, [Fact::Address(0x0800_f000)]);
}

#[test]
fn an_earlier_cause_stands_above_what_follows_from_it() {
    let alone = of("flash write error at offset 0x100");
    let with = diagnose(b"brownout detector was triggered\nflash write error at offset 0x100\n");
    assert_eq!(alone[0], (Code(802), 79));
    assert_eq!(with.causes[0].subject, Field("POWER_DIP"));
    let write = with.causes.iter().find(|c| c.subject == Code(802)).unwrap();
    assert_eq!(write.follows, Some(Field("POWER_DIP")));
    assert!(write.confidence < 79);

    // Behind it, it explains nothing.
    let behind = diagnose(b"flash write error at offset 0x100\nbrownout detector was triggered\n");
    assert_eq!(behind.causes[0].follows, None);
}

#[test]
fn each_reason_of_a_refused_signature_is_told_apart() {
    for (line, expected) in [
        ("signature verification failed", 202),
        ("ERROR: unknown signing key 0011223344556677", 201),
        ("package key is revoked", 207),
        ("unsupported signature algorithm -35", 203),
        ("too few signatures: 1 of 2", 208),
    ] {
        assert_eq!(first(line), Some(Code(expected)), "{line}");
    }
}

/// Each row of the table, by a line as it is printed somewhere.
#[test]
fn every_wording_has_its_line() {
    let lines = [
        ("mcuboot: image signature verification failed", Code(202)),
        ("verify: key 7 not trusted", Code(201)),
        ("signing key revoked", Code(207)),
        ("Unknown algorithm in header", Code(203)),
        ("not enough signatures", Code(208)),
        ("block 372: sha256 mismatch", Code(601)),
        ("old image digest mismatch", Code(501)),
        ("written image checksum error", Code(607)),
        ("Hash value mismatch", Code(601)),
        ("zstd: corrupt block", Code(707)),
        ("download incomplete, unexpected end of file", Code(603)),
        ("bad magic 0xffffffff", Code(102)),
        ("ota: incompatible hardware, got r3", Code(303)),
        ("base version does not match", Code(502)),
        ("downgrade prevented", Code(320)),
        ("Low memory condition detected", Code(333)),
        (
            "Out of memory: Killed process 812 (updater)",
            Field("OUT_OF_MEMORY"),
        ),
        ("battery level 12% below 30%", Code(330)),
        ("Brownout detector was triggered", Field("POWER_DIP")),
        ("temperature -31 out of range", Code(332)),
        ("waiting for maintenance window", Code(334)),
        ("write: No space left on device", Field("STORAGE_FULL")),
        ("image too large for slot", Code(404)),
        ("recv: Connection reset by peer", Field("LINK_LOST")),
        ("coap: request 7 timed out", Field("LINK_LOST")),
        ("GET /fw.sprag HTTP/1.1 503", Field("SERVER_REFUSED")),
        ("x509: certificate is not yet valid", Field("CLOCK_WRONG")),
        ("retries exhausted", Code(608)),
        ("Flash program timeout", Code(802)),
        ("Flash write error at offset 0x0800F000", Code(802)),
        ("sector erase failed", Code(803)),
        ("flash read error -5", Code(801)),
        ("write-verify mismatch at 0x2000", Code(804)),
        ("mount: read-only file system", Field("WRITE_PROTECTED")),
        ("mmc0: error -110 whilst reading", Field("MEDIA_FAULT")),
        (
            "E: Image in the secondary slot is not valid!",
            Field("IMAGE_NOT_BOOTABLE"),
        ),
        (
            "*** Warning - bad CRC, using default environment",
            Code(903),
        ),
        ("I: Swap type: revert", Code(1145)),
        ("app: image not confirmed", Code(901)),
        (
            "task_wdt: Task watchdog got triggered",
            Field("WATCHDOG_RESET"),
        ),
        ("***** HARD FAULT *****", Field("CRASH")),
        (
            "spi0: probe of flash failed with error",
            Field("DRIVER_CONFLICT"),
        ),
    ];
    for (line, expected) in lines {
        assert_eq!(first(line), Some(expected), "{line}");
    }
    for (pattern, _) in signs::ROWS {
        let pattern = signs::regex(pattern);
        let hit = lines.iter().any(|(line, _)| pattern.is_match(line));
        assert!(hit, "no line for {pattern}");
    }
}

#[test]
fn ordinary_lines_tell_of_nothing() {
    for line in [
        "",
        "update: start 1.4.2 -> 1.5.0",
        "retry in 300 s",
        "verify ok",
        "block 12 of 380 written",
        "flash: erase sector 5",
        "signature valid, key 0011223344556677",
        "boot: slot a, version 1.4.2",
        "battery 81 %",
        "free: 512MB",
        "HTTP/1.1 206 Partial Content",
        "EMPTY LAYOUT VENDOR THRESHOLD",
        "[    0.0] Linux version 6.1",
        "temperature 21 C",
        "2026-01-04T10:00:00 connected",
        "sshd[804]: Accepted publickey for root",
        "updater[601]: block 3 of 9 written",
        "[804.12] random: crng init done",
        "[  804.120000] random: crng init done",
        "00000010  12ab e804 90ff 0000",
        "00000010  12AB E804 90FF 0000",
        "{\"code\": 404, \"message\": \"Not Found\"}",
        "imx2-wdt: timeout 60 sec (nowayout=0)",
        "Hardware watchdog enabled",
        "Scanning device for bad blocks",
        "ECC errors: 0",
        "[sda] Write Protect is off",
        "anti-rollback: enabled",
        "brownout detector enabled",
        "No brown-out since last boot",
        "http: 512 bytes received",
        "key is not revoked",
        "signature verification passed",
        "checksum mismatch count=0",
    ] {
        assert_eq!(of(line), [], "{line}");
    }
}

#[test]
fn codes_of_ours_settle_it() {
    for (line, code) in [
        ("error: key 00 is not trusted [201]", 201),
        ("update ended: E804", 804),
        ("    \"code\": 402,", 402),
        ("sprag_process: SPRAG_E_BLOCK_HASH", 601),
        ("refused: SOURCE_NOT_LISTED", 503),
        ("sprag error 905", 905),
        ("rc 11 rsn \"E303\"", 303),
        ("E601", 601),
    ] {
        assert_eq!(of(line), [(Code(code), 94)], "{line}");
    }
    assert_eq!(of("error: 404"), [(Code(404), 49)]);
    assert_eq!(first("server: error 404"), None);
    assert_eq!(
        first("GET https://x.example/fw status: 404"),
        Some(Field("SERVER_REFUSED"))
    );
    assert_eq!(of("error [999]"), [], "no such code");
}

#[test]
fn what_our_own_commands_print_is_understood() {
    for e in crate::explain::explanations() {
        let text = format!("error: something [{}]", e.code);
        assert_eq!(first(&text), Some(Code(e.code)));
        let json = format!("{{\n  \"error\": {{\n    \"code\": {},\n", e.code);
        assert_eq!(first(&json), Some(Code(e.code)));
    }
}

#[test]
fn a_report_of_the_serial_link_is_read() {
    let mut packet = vec![1, 0, 0, 0, 0, 64, 0, 1];
    let body: &[u8] = b"\xa4\x62rc\x0b\x63rsn\x64E303\x67package\x62r1\x66device\x62r2";
    packet[3] = u8::try_from(body.len()).unwrap();
    packet.extend(body);
    let diagnosis = diagnose(&packet);
    assert_eq!(diagnosis.lines, 0);
    assert_eq!(diagnosis.causes.len(), 1);
    let cause = &diagnosis.causes[0];
    assert_eq!(cause.subject, Code(303));
    assert_eq!(
        cause.evidence,
        [Evidence {
            line: 0,
            text: "refused with rc 11: E303, package: r1, device: r2".into()
        }]
    );
}

#[test]
fn every_subject_exists() {
    let rows = signs::ROWS.iter().flat_map(|(_, points_at)| *points_at);
    let consequences = rank::CONSEQUENCES
        .iter()
        .flat_map(|(origin, follow)| follow.iter().chain([origin]));
    for subject in rows.map(|(subject, _)| subject).chain(consequences) {
        assert!(!subject.name().is_empty(), "{subject:?}");
        assert!(!subject.sentences()[2].is_empty(), "{subject:?}");
    }
    for field in FIELD_CAUSES {
        let [meaning, cause, remedy] = Field(field.name).sentences();
        assert!(meaning.ends_with('.') && cause.ends_with('.') && remedy.ends_with('.'));
        assert!(explain(0).is_none());
    }
    assert!(FIELD_CAUSES.is_sorted_by_key(|field| field.stage));
}

#[test]
fn a_long_log_is_read_from_its_end() {
    let mut log = b"E601\n".to_vec();
    log.resize(MAX_LOG_LEN + 3, b'.');
    log.push(b'\n');
    log.extend(b"E804\n");
    let diagnosis = diagnose(&log);
    assert_eq!(diagnosis.skipped, 9);
    assert_eq!(diagnosis.causes.len(), 1);
    assert_eq!(diagnosis.causes[0].subject, Code(804));
}

#[test]
fn evidence_is_bounded() {
    let log = "sector erase failed at 0x1000 ".repeat(400) + "\n" + &"E803\n".repeat(500);
    let diagnosis = diagnose(log.as_bytes());
    let cause = &diagnosis.causes[0];
    assert_eq!((cause.subject, cause.count), (Code(803), 501));
    assert_eq!(cause.evidence.len(), EVIDENCE_MAX);
    assert!(
        cause
            .evidence
            .iter()
            .all(|e| e.text.chars().count() <= TEXT_MAX)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let diagnosis = diagnose(&bytes);
        for cause in &diagnosis.causes {
            prop_assert!((1..=99).contains(&cause.confidence));
            prop_assert!(cause.count >= 1);
        }
        prop_assert!(diagnosis.causes.is_sorted_by(|a, b| a.confidence >= b.confidence));
    }

    #[test]
    fn an_order_of_causes_depends_on_the_log_alone(words in prop::collection::vec(
        prop::sample::select(vec!["E804", "brownout", "hash mismatch", "timed out", "watchdog reset", "ok"]), 0..12,
    )) {
        let log = words.join("\n");
        prop_assert_eq!(of(&log), of(&log));
        let telling = words.iter().filter(|word| **word != "ok").count();
        prop_assert_eq!(diagnose(log.as_bytes()).telling, telling);
    }
}
