//! How other programs word what goes wrong: patterns, and what each points at.
//!
//! Weights: 75 where the words name the cause, 65 where they nearly do, 45 and less for what else they may mean. Each row is a
//! wording that boards, bootloaders, kernels or servers print; a test has a line for each.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::causes::Subject::{self, Code, Field};

/// What a line points at by its wording.
pub(super) fn signs(line: &str) -> impl Iterator<Item = (Subject, u8)> {
    let quiet = QUIET.is_match(line);
    let rows = PATTERNS.matches(line).into_iter();
    rows.filter(move |_| !quiet)
        .filter_map(|row| ROWS.get(row))
        .flat_map(|(_, points_at)| points_at.iter().copied())
}

/// Lines that name a fault to say that there is none.
static QUIET: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(enabled|disabled|passed|succeeded|successful\w*)\b|\bis o(ff|n|k)\b|\bno (error|fault|brown|crash|timeout|watchdog|revert|mismatch)|\bnot revoked|(errors?|faults?|failures|count|mismatch\w*)[ :=]{1,3}0\b|\b0 (errors|faults)|\bwithout error",
    )
});

/// All rows at once, in one pass over the line.
static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "constants, which tests compile")]
    RegexSetBuilder::new(ROWS.iter().map(|(pattern, _)| pattern))
        .case_insensitive(true)
        .build()
        .unwrap()
});

/// A constant pattern, without regard to the size of letters.
pub(super) fn regex(pattern: &'static str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constants, which tests compile")]
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .build()
        .unwrap()
}

pub(super) const ROWS: &[(&str, &[(Subject, u8)])] = &[
    // Who signed it.
    (
        r"(invalid|bad|wrong) (\w+ )?signature|signature (is |was )?(invalid|bad|wrong|mismatch|not valid)|signature (\w+ )?(verification|validation|check) (has )?failed|(verify|verif\w+|validat\w+) (\w+ )?signature.*fail",
        &[
            (Code(202), 70),
            (Code(201), 45),
            (Code(207), 25),
            (Code(203), 25),
        ],
    ),
    (
        r"(unknown|untrusted) (signing |public )?key|\bkey\b.*(not trusted|untrusted|not found|is unknown)|no (trusted|matching) key",
        &[(Code(201), 75), (Code(207), 30)],
    ),
    (
        r"\bkey\b.*revoked|revoked (signing )?key",
        &[(Code(207), 75)],
    ),
    (
        r"(unsupported|unknown|wrong) (signature )?alg(orithm)?\b",
        &[(Code(203), 70)],
    ),
    (
        r"(not enough|too few|insufficient|missing) signatures|signature threshold",
        &[(Code(208), 70)],
    ),
    // Whether it is whole.
    (
        r"(block|chunk|segment|packet).{0,40}(hash|digest|checksum|crc|sha-?(1|256|512)).{0,20}(mismatch|error|fail|wrong|invalid|bad)|(mismatch|wrong|bad|invalid).{0,20}(hash|digest|checksum|crc).{0,20}(block|chunk|segment)",
        &[(Code(601), 75), (Code(602), 30)],
    ),
    (
        r"(source|old image|base image|running image|current image).{0,40}(hash|digest|checksum|crc|sha-?(1|256)).{0,20}(mismatch|error|fail|wrong|invalid|bad|differ)",
        &[(Code(501), 75)],
    ),
    (
        r"(target|new image|final|installed|written image).{0,40}(hash|digest|checksum|crc|sha-?(1|256)).{0,20}(mismatch|error|fail|wrong|invalid|bad|differ)",
        &[(Code(607), 75), (Code(804), 30)],
    ),
    (
        r"(hash|digest|checksum|crc|sha-?(1|256|512))( value)?( check| verification| validation)? (mismatch|error|fail\w*|wrong|invalid|does not match|do not match)|(mismatch\w*|wrong|bad|invalid) (hash|digest|checksum|crc)",
        &[(Code(601), 60), (Code(607), 45), (Code(501), 35)],
    ),
    (
        r"(decompress|inflat|zstd|lzma|heatshrink|unpack|patch|delta).{0,40}(error|fail|corrupt|invalid|truncated)|(error|fail|corrupt\w*|invalid) (compressed|patch|delta)",
        &[(Code(707), 60), (Code(705), 40), (Code(501), 35)],
    ),
    (
        r"(file|package|download|image) (is )?(truncated|incomplete|cut short)|unexpected end of (file|data|package)|short read",
        &[(Code(603), 60), (Code(100), 40), (Field("LINK_LOST"), 30)],
    ),
    (
        r"(unknown|unsupported|invalid|bad) (package|file|archive|update) (format|type|header)|bad magic|wrong magic",
        &[
            (Code(102), 60),
            (Code(103), 40),
            (Field("IMAGE_NOT_BOOTABLE"), 30),
        ],
    ),
    // Whether it is for this device, and new.
    (
        r"(wrong|incompatible|unsupported|mismatched) (hardware|board|device|platform|target)|(hardware|board|device type|platform|compatible).{0,30}(mismatch|incompatible|not supported|does not match|not compatible)",
        &[(Code(303), 65), (Code(302), 45), (Code(301), 25)],
    ),
    (
        r"(wrong|unexpected|unsupported) (base|source|current|installed|from) version|(base|source|current|from)[ -]version.{0,30}(mismatch|does not match|not supported|wrong)|version mismatch",
        &[(Code(502), 60), (Code(503), 55)],
    ),
    (
        r"downgrade|anti-?rollback|rollback (protection|prevented|detected|not allowed)|older (version|than)|lower (version|security)|security (counter|version).{0,30}(low|old|fail|small)",
        &[(Code(320), 60), (Code(321), 60)],
    ),
    // Whether it may begin.
    (
        r"low memory|insufficient (memory|ram)|not enough (memory|ram)|memory.{0,20}below",
        &[
            (Code(333), 70),
            (Code(402), 50),
            (Field("OUT_OF_MEMORY"), 35),
        ],
    ),
    (
        r"out of memory|oom[- ]?kill|\benomem\b|cannot allocate|alloc(ation)? (has )?failed|malloc.{0,10}fail",
        &[(Field("OUT_OF_MEMORY"), 75), (Code(402), 40)],
    ),
    (
        r"(battery|batt|state of charge|soc)\b.{0,30}(low|below|insufficient|too|<)|low battery|insufficient (battery|charge|power)",
        &[(Code(330), 65), (Field("POWER_DIP"), 40)],
    ),
    (
        r"brown-?out|under-?voltage|low voltage|voltage.{0,20}(drop|dip|sag|below)|power (was )?(lost|loss|fail\w*|interrupted)",
        &[(Field("POWER_DIP"), 75)],
    ),
    (
        r"(over|under)-?temperature|temperature.{0,30}(too|above|below|exceed|out of range|limit)|thermal (shutdown|throttl|trip)|too (hot|cold)",
        &[(Code(332), 70)],
    ),
    (
        r"(outside|not in|wait\w* for).{0,20}(maintenance|update|time) window",
        &[(Code(334), 70)],
    ),
    // Bringing it.
    (
        r"no space left|\benospc\b|disk (is )?full|file ?system (is )?full|insufficient (storage|disk|flash|space)|not enough (storage|disk|flash|space|room)|quota exceeded",
        &[
            (Field("STORAGE_FULL"), 75),
            (Code(331), 55),
            (Code(404), 40),
        ],
    ),
    (
        r"(slot|partition) (is )?too small|(image|firmware) (is )?too (large|big)|does not fit",
        &[(Code(404), 70)],
    ),
    (
        r"timed out|(connect\w*|read|recv|request|response|server|dns|download|transfer|network|socket|tls|handshake)\b.{0,20}time-?out|time-?out (waiting|while|after|error|occurred|reached|exceeded)|connection (was )?(reset|refused|lost|closed|aborted|interrupt\w*)|(network|host) (is )?(unreachable|down|interrupt\w*)|network interruption|\beconnreset\b|\betimedout\b|no carrier|link (is )?(down|lost)|(dns|name resolution).{0,20}fail|could not resolve|lost connection",
        &[(Field("LINK_LOST"), 65), (Code(335), 35)],
    ),
    (
        r"http/[\d.]+ [45]\d\d\b|(http (error|code|status)|status( code)?|server returned|response( code)?)[ :=]{1,3}[45]\d\d\b|\b(401 unauthorized|403 forbidden|404 not found|410 gone|503 service)|token (has |is )?(expired|invalid)",
        &[(Field("SERVER_REFUSED"), 75)],
    ),
    (
        r"certificate.{0,40}(expired|not yet valid|date|validity)|clock (skew|is wrong|not set)|\b(1970-01-01|2000-01-01)\b",
        &[(Field("CLOCK_WRONG"), 65)],
    ),
    (
        r"retr(y|ies).{0,20}(exhausted|exceeded|limit)|too many (retries|attempts)|giving up after",
        &[(Code(608), 50), (Field("LINK_LOST"), 45)],
    ),
    // Writing it. An operation of flash that takes too long is no link.
    (
        r"flash (program|write|erase|operation|busy)\w* time(d )?-?out",
        &[(Code(802), 75), (Code(803), 50)],
    ),
    (
        r"flash.{0,20}(writ|program)\w*.{0,20}(err|fail)|(write|program\w*) (err\w*|fail\w*)( at| on| to| in)|(err\w*|fail\w*).{0,20}(writ|program)\w*.{0,10}flash",
        &[(Code(802), 75), (Code(804), 40), (Field("POWER_DIP"), 25)],
    ),
    (
        r"flash.{0,20}eras\w*.{0,20}(err|fail)|(sector|page|block)? ?erase (err\w*|fail\w*)|(err\w*|fail\w*).{0,20}eras(e|ing)",
        &[(Code(803), 75), (Field("WRITE_PROTECTED"), 40)],
    ),
    (
        r"flash.{0,20}read.{0,20}(err|fail)|read (err\w*|fail\w*) at",
        &[(Code(801), 75), (Field("MEDIA_FAULT"), 35)],
    ),
    (
        r"(read-?back|write-?verify|verify)( \w+)? (err\w*|fail\w*|mismatch)( at)?|verif\w+ (err\w*|fail\w*).{0,20}(at|offset|address|sector)|stuck (bit|sector)",
        &[(Code(804), 70), (Code(802), 35)],
    ),
    (
        r"write.?protect|read-?only file ?system|\berofs\b|\beacces\b|permission denied|access denied",
        &[(Field("WRITE_PROTECTED"), 75)],
    ),
    (
        r"\bi/o error|\beio\b|uncorrectable|\becc (err|fail)|(found|new|mark\w*) (a )?bad (block|sector)|bad (block|sector)s? (found|detected|at)|mmc\d.{0,30}(err|timeout)|ubi.{0,20}(err|corrupt)|ext4-fs error|buffer i/o|medium error",
        &[(Field("MEDIA_FAULT"), 75), (Code(801), 30), (Code(804), 30)],
    ),
    // Starting it.
    (
        r"no (bootable|valid) image|unable to find bootable|image in the (primary|secondary) slot is not valid|invalid (boot )?image|(app|ota|boot)\w* partition.{0,30}(invalid|not bootable)|otadata.{0,20}(invalid|corrupt)|boot failed",
        &[(Field("IMAGE_NOT_BOOTABLE"), 75), (Code(607), 30)],
    ),
    (
        r"boot record.{0,20}(lost|corrupt|invalid)|boot (flag|config\w*|environment|env)\w*.{0,20}(corrupt|invalid|bad crc|error)|bad crc, using default environment",
        &[(Code(903), 70)],
    ),
    (
        r"\brevert(ed|ing)?\b|roll(ed|ing) back|swap type: revert|rollback (started|complete|performed)",
        &[(Code(1145), 60), (Code(905), 45)],
    ),
    (
        r"(image|slot|update) (is |was )?not confirmed|unconfirmed|pending verif",
        &[(Code(901), 65), (Code(1144), 45)],
    ),
    // At work.
    (
        r"(watchdog|wdt\b).{0,30}(trigger|reset|bite|bark|expired|fired|reboot|timed out|starv)|(reset|reboot)\w*.{0,30}(watchdog|\bwdt\b)",
        &[(Field("WATCHDOG_RESET"), 70)],
    ),
    (
        r"(hard|usage|bus|mem(ory)? manage(ment)?) ?fault|kernel panic|guru meditation|segmentation fault|segfault|panicked at|illegal instruction|unhandled exception|stack (overflow|smashing)",
        &[(Field("CRASH"), 75)],
    ),
    (
        r"probe (of \S+ )?(has )?failed|driver.{0,30}(conflict|fail|error|mismatch|not loaded)|disagrees about version of symbol|(invalid|wrong) module format|unknown symbol",
        &[(Field("DRIVER_CONFLICT"), 70)],
    ),
];
