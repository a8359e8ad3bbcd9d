//! What `sprag simulate` must know of a device beside its flash: how long things take, its link, its power, and
//! what else it has to do. Every table and every key may be left out.

use serde::{Deserialize, Serialize};

/// How long things take. The defaults are those of a Cortex-M4 at 64 MHz with flash inside (nRF52840).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TimingProfile {
    /// Microseconds to erase one sector.
    pub erase_us: u32,
    /// Nanoseconds to program one write unit.
    pub write_ns: u32,
    /// Nanoseconds to read one byte of flash.
    pub read_ns: u32,
    /// Nanoseconds to hash one byte (SHA-256).
    pub hash_ns: u32,
    /// Nanoseconds to decode one byte of the new image.
    pub decode_ns: u32,
    /// Microseconds to verify one signature (Ed25519).
    pub signature_us: u32,
}

/// The link that packages come over. Shares are per million datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LinkProfile {
    /// Bytes in a second.
    pub bytes_per_second: u32,
    /// Milliseconds from a request to the first byte.
    pub latency_ms: u32,
    /// Bytes of a datagram, at least 1.
    pub datagram: u32,
    /// Datagrams that never arrive.
    pub loss: u32,
    /// Datagrams that arrive twice.
    pub duplicate: u32,
    /// Datagrams that arrive late.
    pub reorder: u32,
    /// Datagrams that arrive with wrong bits.
    pub corrupt: u32,
    /// Seconds after which the link is cut; 0 for never.
    pub up_s: u32,
    /// Seconds until it is back.
    pub down_s: u32,
    /// Seconds for which an address or a token is good; 0 for ever.
    pub token_s: u32,
}

/// The device's power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PowerProfile {
    /// Milliseconds that power lasts at a time, as of a harvester; 0 for no limit.
    pub on_ms: u32,
    /// Milliwatts while the update works, for the estimate of its energy; 0 for no estimate.
    pub active_mw: u32,
}

/// A task that must run beside the update, on the same core and without preemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TaskProfile {
    /// Milliseconds from one run to the next, which is also by when each must be over.
    pub period_ms: u32,
    /// Milliseconds that a run takes.
    pub work_ms: u32,
}

impl Default for TimingProfile {
    fn default() -> Self {
        Self {
            erase_us: 85_000,
            write_ns: 41_000,
            read_ns: 16,
            hash_ns: 600,
            decode_ns: 6_000,
            signature_us: 150_000,
        }
    }
}

impl Default for LinkProfile {
    fn default() -> Self {
        Self {
            bytes_per_second: 10_000,
            latency_ms: 100,
            datagram: 512,
            loss: 0,
            duplicate: 0,
            reorder: 0,
            corrupt: 0,
            up_s: 0,
            down_s: 0,
            token_s: 0,
        }
    }
}

impl Default for TaskProfile {
    fn default() -> Self {
        Self {
            period_ms: 500,
            work_ms: 20,
        }
    }
}
