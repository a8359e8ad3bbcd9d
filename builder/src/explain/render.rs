//! An explanation as `sprag explain CODE` prints it.

use sprag_verifier::lwm2m_result;

use super::{Explanation, Stage};
use crate::exit;

/// The explanation as text of at most 100 columns, ending with a line break.
#[must_use]
pub fn render(e: &Explanation) -> String {
    let mut text = format!("{} {}\n\n", e.code, e.name);
    for (label, sentence) in [
        ("meaning", e.meaning),
        ("cause", e.cause),
        ("remedy", e.remedy),
    ] {
        push_wrapped(&mut text, label, sentence);
    }
    text.push_str(&format!("\nstage {}\n", Stage::of(e.code)));
    text.push_str(&lwm2m(e.code));
    let exit = exit_code(e.code);
    text.push_str(&format!("exit code {exit} ({})\n", exit_words(exit)));
    text
}

/// The exit code of a command that ends with this error. A refusal of the package that `sprag build` has just
/// made ends with [`exit::BUG`] instead, unless the device is too small for it.
pub(super) const fn exit_code(code: u16) -> u8 {
    match code {
        ..=999 => exit::for_device(code),
        1001..=1002 | 1017 | 1020..=1022 | 1104 => exit::USAGE,
        1041 | 1181 | 1182 | 1186 | 1212 | 1213 | 1215..=1218 | 1223 | 1225 => exit::USAGE,
        1010..=1013 | 1016 | 1018 | 1100..=1107 | 1130..=1132 | 1140..=1145 | 1160 | 1161 => {
            exit::IO
        }
        1180 | 1185 | 1200 | 1201 | 1207 | 1210 | 1211 | 1214 | 1224 => exit::IO,
        1003 | 1014 | 1015 | 1019 | 1025 | 1026 | 1060..=1067 => exit::MALFORMED,
        1040 | 1162 | 1167 | 1202 | 1205 | 1209 | 1219 | 1220 => exit::MALFORMED,
        1163 | 1164 | 1168 | 1183 | 1184 | 1187 | 1188 => exit::SIGNATURE,
        1042 | 1203 | 1204 | 1206 | 1208 | 1221 | 1222 | 1226..=1229 => exit::SIGNATURE,
        1023 => exit::POLICY,
        1024 => exit::DOES_NOT_FIT,
        1030 | 1165 | 1166 | 1169..=1173 => exit::GATE,
        _ => exit::BUG,
    }
}

const fn exit_words(exit: u8) -> &'static str {
    match exit {
        exit::OK => "done",
        exit::BUG => "bug",
        exit::USAGE => "usage",
        exit::IO => "input or output",
        exit::MALFORMED => "malformed",
        exit::SIGNATURE => "signature or key refused",
        exit::POLICY => "not for this device, or not now",
        exit::WRONG_OLD_IMAGE => "wrong old image",
        exit::DOES_NOT_FIT => "does not fit the device",
        exit::GATE => "gate failed",
        _ => "unknown",
    }
}

fn lwm2m(code: u16) -> String {
    if code >= FIRST_BUILDER_CODE {
        return "no LwM2M result: devices do not report this code\n".into();
    }
    let result = lwm2m_result(code);
    format!("LwM2M result {result} ({})\n", lwm2m_words(result))
}

/// Results of the Firmware Update object (OMA LwM2M 1.2, Object 5, resource 5).
const fn lwm2m_words(result: u8) -> &'static str {
    match result {
        2 => "not enough flash",
        3 => "out of RAM",
        4 => "connection lost",
        5 => "integrity check failed",
        6 => "unsupported package type",
        8 => "firmware update failed",
        11 => "deferred",
        _ => "reserved",
    }
}

/// A label, and its sentence in lines that line up behind it.
pub(crate) fn push_wrapped(text: &mut String, label: &str, sentence: &str) {
    let mut line = format!("{label:<LABEL_WIDTH$}");
    let mut filled = LABEL_WIDTH;
    for word in sentence.split(' ') {
        let width = word.chars().count();
        if filled > LABEL_WIDTH && filled + 1 + width > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = " ".repeat(LABEL_WIDTH);
            filled = LABEL_WIDTH;
        }
        if filled > LABEL_WIDTH {
            line.push(' ');
            filled += 1;
        }
        line.push_str(word);
        filled += width;
    }
    text.push_str(&line);
    text.push('\n');
}

/// Columns of the text.
const WIDTH: usize = 100;
/// Columns of the labels.
const LABEL_WIDTH: usize = 9;
/// Below this, codes are those of devices.
const FIRST_BUILDER_CODE: u16 = 1000;
