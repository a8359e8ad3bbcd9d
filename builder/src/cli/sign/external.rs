//! A program that signs, as a service in the cloud or a token's own tool is wrapped in: it reads one JSON object and
//! answers with one. What it answers is checked before it is used.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use ct_codecs::{Base64, Decoder as _, Encoder as _, Hex};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::sign::Request;

/// What the program reads.
#[derive(Debug, Serialize)]
struct Ask {
    schema: u32,
    /// Always `Ed25519`: the message itself is signed, not a hash of it.
    algorithm: &'static str,
    /// The key, in hexadecimal digits: its identifier in the order of its file, and its bytes.
    key_id: String,
    public: String,
    /// What it is about, for the program's own log.
    summary: String,
    /// The bytes to sign, in Base64.
    message: String,
}

/// What it answers.
#[derive(Debug, Deserialize)]
struct Said {
    /// 64 bytes in hexadecimal digits.
    signature: String,
}

/// Lets `program` sign.
pub(super) fn sign(program: &Path, request: &Request) -> Result<[u8; 64], Error> {
    let failed = |reason: String| Error::SignRequest {
        path: program.into(),
        reason,
    };
    let key = request.key();
    let ask = Ask {
        schema: 1,
        algorithm: "Ed25519",
        key_id: key.key_id().to_string(),
        public: Hex::encode_to_string(key.to_bytes()).unwrap_or_default(),
        summary: request.summary()?,
        message: Base64::encode_to_string(request.message()?).unwrap_or_default(),
    };
    let ask = serde_json::to_vec(&ask).map_err(|e| failed(e.to_string()))?;
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| failed(format!("it cannot be started: {e}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input may still answer; what it says is checked.
        let _ = stdin.write_all(&ask);
    }
    let output = child
        .wait_with_output()
        .map_err(|e| failed(e.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    let said: Said = serde_json::from_slice(&output.stdout)
        .map_err(|e| failed(format!("its answer is not the JSON expected: {e}")))?;
    Hex::decode_to_vec(&said.signature, None)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| failed("its signature is not 64 bytes in hexadecimal".into()))
}
