//! What became of all attacks on a package.

use serde::Serialize;
use sprag_manifest::Digest;
use sprag_verifier::Area;

use super::case::{Case, Expected, Layer};
use super::desk::{Chunks, Desk};
use super::setting::Setting;
use crate::error::Error;

/// A layer, and the attacks on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The layer.
    pub layer: Layer,
    /// Attacks.
    pub attacks: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Those that led to the new image all the same, which they may.
    pub identical: u64,
    /// Of those that were refused: with another code than a package of its kind usually is.
    pub other_code: u64,
    /// Those that came through.
    pub failed: u64,
}

/// An attack that came through, or was refused in another way than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name.
    pub attack: String,
    /// What it aims at.
    pub layer: Layer,
    /// What is wrong with the package.
    pub why: String,
    /// The code with which it should be refused, if there is one.
    pub expected: Option<u16>,
    /// What happened.
    pub found: String,
    /// The code of the refusal, if it was refused.
    pub code: Option<u16>,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// A row for each layer that was attacked.
    pub layers: Vec<Row>,
    /// Attacks that came through.
    pub failures: Vec<Finding>,
    /// Attacks that were refused with another code than expected.
    pub other_codes: Vec<Finding>,
    /// Packages that one device was offered in turn, before it took the good one. The device is a new one after
    /// each package that left it on trial, or an only slot under way.
    pub offered_in_turn: u64,
    /// Most erases of any sector of that device, the good package included.
    pub most_erases: u32,
}

impl Matrix {
    /// Offers every case to a device of its own and, where the device is the package's, to one that has seen all before;
    /// then offers that one `package`, which it must take. `progress` is told cases done, and in all.
    ///
    /// # Errors
    /// The device's refusal of the good package, before anything is attacked.
    pub fn run(
        package: &[u8],
        setting: &Setting,
        cases: &[Case],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, Error> {
        let good = Desk::new(setting)?.offer(package, Chunks::Whole).result?;
        let mut matrix = Self {
            layers: Vec::new(),
            failures: Vec::new(),
            other_codes: Vec::new(),
            offered_in_turn: 0,
            most_erases: 0,
        };
        let mut tried = Desk::new(setting)?;
        let total = u64::try_from(cases.len()).unwrap_or(u64::MAX);
        for (done, case) in (1..).zip(cases) {
            matrix.add(case, good)?;
            if case.setting == *setting && case.expected != Expected::Identical {
                let outcome = tried.offer(&case.package, Chunks::Whole);
                matrix.offered_in_turn += 1;
                // Taken, so this device is on trial; or an only slot holds no whole image for now.
                if outcome.result.is_ok() || tried.is_under_way() {
                    matrix.most_erases = matrix.most_erases.max(tried.most_erases());
                    tried = Desk::new(setting)?;
                }
            }
            progress(done, total);
        }
        if let Err(e) = tried.offer(package, Chunks::Whole).result {
            let found = format!("the good package is refused with {}", e.code());
            matrix.failures.push(Finding {
                attack: "good-package-at-last".into(),
                layer: Layer::Bytes,
                why: "a device that was offered all of them must still take the good one".into(),
                expected: None,
                found,
                code: Some(e.code()),
            });
        }
        matrix.most_erases = matrix.most_erases.max(tried.most_erases());
        matrix.layers.sort_by_key(|row| row.layer);
        Ok(matrix)
    }

    /// Attacks in all.
    #[must_use]
    pub fn attacks(&self) -> u64 {
        self.layers.iter().map(|row| row.attacks).sum()
    }

    fn add(&mut self, case: &Case, good: Digest) -> Result<(), Error> {
        let mut desk = Desk::new(&case.setting)?;
        let outcome = desk.offer(&case.package, Chunks::Whole);
        let row = match self
            .layers
            .iter_mut()
            .position(|row| row.layer == case.layer)
        {
            Some(at) => at,
            None => {
                self.layers.push(Row {
                    layer: case.layer,
                    attacks: 0,
                    refused: 0,
                    identical: 0,
                    other_code: 0,
                    failed: 0,
                });
                self.layers.len() - 1
            }
        };
        let Some(row) = self.layers.get_mut(row) else {
            return Ok(());
        };
        row.attacks += 1;
        let expected = match case.expected {
            Expected::Code(code) => Some(code),
            _ => None,
        };
        let finding = |found: &str, code| Finding {
            attack: case.name.clone(),
            layer: case.layer,
            why: case.why.clone(),
            expected,
            found: found.into(),
            code,
        };
        let boots_old = |desk: &mut Desk| {
            let len = case.setting.old.len();
            desk.boot().is_ok_and(|slot| slot == Area::SlotA)
                && (case.setting.flash.slots == 1
                    || desk.slot(Area::SlotA, len) == &*case.setting.old)
        };
        let wrong = match outcome.result {
            _ if outcome.before > 0 => Some("flash was written before a signature held"),
            Ok(made) if made != good => Some("another image was made"),
            // A device asks for no byte that it does not need: of other payloads, or behind the package.
            Ok(_) if expected.is_some() && case.layer != Layer::Bytes => Some("it was taken"),
            Err(_) if case.expected == Expected::Identical => Some("it was refused"),
            Err(_) if !boots_old(&mut desk) => Some("the old image no longer boots"),
            _ => None,
        };
        let code = outcome.result.err().map(|e| e.code());
        match (wrong, code) {
            (Some(wrong), _) => {
                row.failed += 1;
                self.failures.push(finding(wrong, code));
            }
            (None, None) => row.identical += 1,
            (None, Some(found)) => {
                row.refused += 1;
                if expected.is_some_and(|code| code != found) {
                    row.other_code += 1;
                    self.other_codes.push(finding("another refusal", code));
                }
            }
        }
        Ok(())
    }
}
