//! `cargo xtask journey`: firmware under QEMU takes packages over its serial line, is killed at random moments and goes on.
//!
//! `device/journey` has the firmware, docs/SERIAL.md the protocol, and `sprag send` is the host. The flash is memory that QEMU
//! shares with a file, so that a kill leaves exactly what was written, inside an erase as well.

mod machine;

use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

use crate::command::{self, sprag};
use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::{repo, run};
use machine::{Board, Firmware, MACHINES, Machine};

const SEED: u64 = 20_261_121;
const KILLS: u32 = 10;
const KILLS_IN_FULL: u32 = 200;
/// Kills of one device between two visits to the factory.
const KILLS_PER_LIFE: u32 = 4;
/// Boots that the application gives a new image, and one more.
const TRIALS: u32 = 11;
const TICK: Duration = Duration::from_millis(2);

/// What to run.
#[derive(Debug, Default)]
pub(crate) struct Options {
    machine: Option<&'static str>,
    kills: Option<u32>,
}

impl Options {
    /// Reads the words behind `cargo xtask journey`.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--machine" => {
                    let wanted = words.next()?;
                    let machine = MACHINES.iter().find(|machine| machine.name == *wanted)?;
                    options.machine = Some(machine.name);
                }
                "--kills" => options.kills = Some(words.next()?.parse().ok()?),
                _ => return None,
            }
        }
        Some(options)
    }

    fn kills(&self) -> u32 {
        let full = std::env::var_os("SPRAG_FULL").is_some();
        let usual = if full { KILLS_IN_FULL } else { KILLS };
        self.kills.unwrap_or(usual)
    }
}

/// One stage for building, and one for each machine.
pub(crate) fn start(report: &mut Report, options: Options) {
    if !report.stage("journey: the command", || {
        command::build().map(|()| Done::passed())
    }) {
        return;
    }
    for machine in &MACHINES {
        if options.machine.is_some_and(|name| name != machine.name) {
            continue;
        }
        let mut built = None;
        report.stage(&format!("journey: firmware for {}", machine.name), || {
            built = Some(Bench::make(machine)?);
            Ok(Done::passed())
        });
        if let Some(bench) = built {
            let kills = options.kills();
            report.stage(&format!("journey: {}", machine.name), || {
                bench.run(kills).map(Done::Passed)
            });
        }
    }
}

/// A machine with its firmware and packages.
struct Bench<'m> {
    machine: &'m Machine,
    folder: PathBuf,
    firmware: Firmware,
}

impl<'m> Bench<'m> {
    fn make(machine: &'m Machine) -> Result<Self, Failure> {
        let folder = repo::path("target/journey").join(machine.name);
        fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
        let firmware = machine.build(&folder)?;
        let bench = Self {
            machine,
            folder,
            firmware,
        };
        let [first, second, third] = &bench.firmware.releases;
        bench.package("update", (first, "1.0.0"), (second, "1.1.0"), machine.name)?;
        bench.package("crash", (second, "1.1.0"), (third, "1.2.0"), machine.name)?;
        bench.package("other", (second, "1.1.0"), (third, "1.2.0"), "r9")?;
        let mut forged = fs::read(bench.path("crash")).map_err(Failure::at(&bench.folder))?;
        // The last byte of the signature, which lies before the first payload.
        let head = forged.get(8..12).and_then(|len| len.try_into().ok());
        let head = 20 + head.map_or(0, u32::from_le_bytes);
        if let Some(byte) = forged.get_mut(usize::try_from(head).unwrap_or(0) - 1) {
            *byte ^= 1;
        }
        let path = bench.path("forged");
        fs::write(&path, forged).map_err(Failure::at(&path))?;
        Ok(bench)
    }

    fn path(&self, package: &str) -> PathBuf {
        self.folder.join(package).with_extension("sprag")
    }

    fn package(
        &self,
        name: &str,
        old: (&Path, &str),
        new: (&Path, &str),
        hardware: &str,
    ) -> Result<(), Failure> {
        let mut build = sprag("build");
        build
            .arg("--key")
            .arg(repo::path("keys-example/example-release.key"));
        build.arg("--old").arg(old.0).args(["--old-version", old.1]);
        build.arg("--new").arg(new.0).args(["--new-version", new.1]);
        build.args(["--vendor", "example", "--product", "journey"]);
        build.args(["--hardware", hardware, "--isa", self.machine.isa]);
        // Small blocks: more to be interrupted.
        build.args(["--ram", "8192", "--block-size", "512", "--effort", "fast"]);
        run::output(build.arg("--out").arg(self.path(name)))?;
        Ok(())
    }

    /// `sprag send`, on its way.
    fn send(&self, board: &Board<'_>, package: &str, flags: &[&str]) -> Result<Sending, Failure> {
        let mut send = sprag("send");
        send.arg(self.path(package))
            .arg("--unix")
            .arg(&board.socket);
        send.args(["--timeout", "2", "--patience", "20", "--json"])
            .args(flags);
        send.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let child = send.spawn().map_err(|source| Failure::Start {
            program: "sprag".to_owned(),
            source,
        })?;
        Ok(Sending(Some(child)))
    }

    /// Sends a package, and holds the JSON that comes of it against a text that it must have.
    fn expect(
        &self,
        board: &Board<'_>,
        package: &str,
        flags: &[&str],
        said: &str,
    ) -> Result<(), Failure> {
        let output = self.send(board, package, flags)?.end()?;
        match output.contains(said) {
            true => Ok(()),
            false => Err(Failure::Check(format!(
                "sending {package} did not lead to {said} but:\n{output}"
            ))),
        }
    }

    /// The whole journey; a remark on the kills.
    fn run(&self, kills: u32) -> Result<String, Failure> {
        let [first, second, _] = &self.firmware.releases;
        let board = Board::new(self.machine, &self.firmware, &self.folder);

        // Undisturbed.
        board.factory(first)?;
        let running = board.start()?;
        self.expect(&board, "update", &[], CONFIRMED)?;
        running.greeting("1.1.0")?;

        // What is not meant for this device, or not ours, leaves the flash as it is.
        let before = board.flash()?;
        self.expect(&board, "other", &[], "\"code\": 303")?;
        self.expect(&board, "forged", &[], "\"code\": 202")?;
        if board.flash()? != before {
            return Err(Failure::Check(
                "a refused package changed the flash".to_owned(),
            ));
        }
        // What crashes is given up.
        self.expect(&board, "crash", &[], "\"code\": 1145")?;
        running.greeting("1.2.0")?;
        self.expect(&board, "update", &[], "\"already\"")?;
        drop(running);

        let whole = self.interrupted_trial(&board, first)?;
        // A third more, for kills in the start and the trial.
        let phases = self.kill(&board, (first, second), kills, whole * 4 / 3)?;
        let phases: Vec<_> = phases
            .iter()
            .map(|(phase, count)| format!("{count} {phase}"))
            .collect();
        Ok(format!("{kills} kills: {}", phases.join(", ")))
    }

    /// A new image that nobody reaches is never confirmed, and given up when its tries are used up. The time that the update took.
    fn interrupted_trial(&self, board: &Board<'_>, first: &Path) -> Result<Duration, Failure> {
        board.factory(first)?;
        let running = board.start()?;
        let begun = Instant::now();
        self.expect(board, "update", &["--no-start"], "\"waiting\"")?;
        let whole = begun.elapsed();
        drop(running);
        for _ in 1..TRIALS {
            board.start()?.greeting("1.1.0")?;
        }
        let said = board.start()?.greeting("1.0.0")?;
        match said.contains("boot: reverted") {
            true => Ok(whole),
            false => Err(Failure::Check(format!("it did not revert:\n{said}"))),
        }
    }

    /// Kills the machine at random moments of an update, until it was killed so often; the phases that the kills fell into.
    fn kill(
        &self,
        board: &Board<'_>,
        (first, second): (&Path, &Path),
        kills: u32,
        whole: Duration,
    ) -> Result<BTreeMap<&'static str, u32>, Failure> {
        let mut random = SEED;
        let mut phases = BTreeMap::new();
        let mut killed = 0;
        while killed < kills {
            board.factory(first)?;
            let mut running = Some(board.start()?);
            let mut sending = self.send(board, "update", &[])?;
            for _ in 0..KILLS_PER_LIFE.min(kills - killed) {
                if sending.has_ended_within(part_of(whole, &mut random)) {
                    break;
                }
                drop(running.take());
                killed += 1;
                *phases.entry(board.phase()?).or_insert(0) += 1;
                if !board.holds(first)? {
                    return Err(Failure::Check(format!(
                        "kill {killed} touched the running image"
                    )));
                }
                running = Some(board.start()?);
            }
            let output = sending.end()?;
            if !output.contains(CONFIRMED) && !output.contains("\"already\"") {
                let what =
                    format!("after {killed} kills (seed {SEED}) it did not end well:\n{output}");
                return Err(Failure::Check(what));
            }
            drop(running);
            // And it boots what it has confirmed.
            let said = board.start()?.greeting("1.1.0")?;
            if !said.contains("boot: confirmed") {
                return Err(Failure::Check(format!("it booted something else:\n{said}")));
            }
            let new = fs::read(second).map_err(Failure::at(second))?;
            if !board
                .flash()?
                .windows(new.len())
                .step_by(4096)
                .any(|slot| slot == new)
            {
                return Err(Failure::Check("no slot holds the new image".to_owned()));
            }
        }
        Ok(phases)
    }
}

const CONFIRMED: &str = "\"confirmed\",";

/// A random part of a time (xorshift64).
fn part_of(whole: Duration, random: &mut u64) -> Duration {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    whole.mul_f64(f64::from(u16::try_from(*random >> 48).unwrap_or(0)) / 65536.0)
}

/// A `sprag send` that runs.
struct Sending(Option<Child>);

impl Sending {
    /// Waits for so long; whether it has ended.
    fn has_ended_within(&mut self, time: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < time {
            let ended = self.0.as_mut().map(Child::try_wait);
            if matches!(ended, Some(Ok(Some(_)))) {
                return true;
            }
            std::thread::sleep(TICK);
        }
        false
    }

    /// Waits for its end; what it printed.
    fn end(mut self) -> Result<String, Failure> {
        let start = |source| Failure::Start {
            program: "sprag send".to_owned(),
            source,
        };
        let output = self.0.take().map(Child::wait_with_output).transpose();
        let output = output.map_err(start)?.map(|output| output.stdout);
        Ok(String::from_utf8_lossy(&output.unwrap_or_default()).into_owned())
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
