//! A whole update from the package in memory: all that a device links, and nothing else.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
mod update {
    use core::mem::size_of_val;

    use footprint::{Measure, TRUST, package, say, stop};
    use sprag_manifest::Isa;
    use sprag_verifier::{
        Attempt, BootRecord, Device, Error, Intake, Plan, Preflight, PreflightStatus, Resources,
        Status, Updater, arena_len, check, intake_len,
    };

    #[cfg(not(feature = "full"))]
    use sprag_verifier::DeltaCodecs as Codecs;
    #[cfg(feature = "full")]
    use sprag_verifier::NativeCodecs as Codecs;

    #[cfg(feature = "one-slot")]
    type Part = footprint::Part;
    #[cfg(not(feature = "one-slot"))]
    type Part = sprag_verifier::TwoSlots<footprint::Part, { cfg!(feature = "checkpoints") }>;

    fn part() -> Part {
        #[cfg(feature = "one-slot")]
        return footprint::Part::new();
        #[cfg(not(feature = "one-slot"))]
        sprag_verifier::TwoSlots(footprint::Part::new())
    }

    /// Room for header and envelope, and for phase two: the same bytes, one after the other.
    const MEMORY_LEN: usize = 24 * 1024;
    const ENVELOPE_LEN: usize = 1024;

    #[unsafe(no_mangle)]
    extern "C" fn run() {
        static mut MEMORY: [u8; MEMORY_LEN] = [0; MEMORY_LEN];
        // SAFETY: the program calls this function once.
        let memory: &'static mut [u8] = unsafe { &mut *(&raw mut MEMORY) };
        if let Err(e) = update(&mut part(), memory) {
            say("error", "code", e.code().into());
            stop(1);
        }
    }

    /// As firmware does it: the two phases share their memory, and nothing of them is on the stack twice.
    fn update(part: &mut Part, memory: &mut [u8]) -> Result<(), Error> {
        let buffer_len = intake_len(ENVELOPE_LEN);
        say("phase-one", "buffer", buffer_len as u32);
        say("memory", "static", MEMORY_LEN as u32);
        let (buffer, _) = memory.split_at_mut(buffer_len);
        let measure = Measure::begin();
        let plan = phase_one(part, buffer);
        measure.end("phase-one");
        let plan = plan?;

        let arena_len = arena_len(&plan, &Codecs);
        say("phase-two", "buffer", arena_len);
        say("phase-two", "workspace", plan.payload().needs.workspace);
        say("phase-two", "plan", size_of_val(&plan) as u32);
        let (arena, _) = memory.split_at_mut(arena_len as usize);
        let measure = Measure::begin();
        let done = phase_two(part, plan, arena);
        measure.end("phase-two");
        done
    }

    #[inline(never)]
    fn phase_one(part: &mut Part, buffer: &mut [u8]) -> Result<Plan, Error> {
        let mut intake = Intake::new(buffer);
        let taken = intake.push(package())?;
        let authentic = signature(intake)?;
        say("package", "head", taken as u32);
        let record = BootRecord::load(part)?;
        let device = Device {
            vendor: "example",
            product: "probe",
            hardware: "r1",
            isa: Isa::Thumb,
            bootloader: None,
            os: None,
            layout: None,
            load_address: None,
            keyset_version: 0,
            now: None,
            battery_percent: None,
            free_storage: None,
            temperature: None,
            free_ram: None,
            minute_of_day: None,
            attempt: Attempt::First,
            installed: record.installed(None),
        };
        let verified = check(authentic, &device)?;
        let resources = Resources {
            ram: MEMORY_LEN as u32,
            trailer_reserve: 0,
            trial_boots: 3,
        };
        let mut preflight = Preflight::new(&verified, resources, &Codecs);
        loop {
            if let PreflightStatus::Ready(plan) = preflight.step(part)? {
                return Ok(plan);
            }
        }
    }

    /// The instructions of this are those of one signature and little else.
    fn signature(intake: Intake<'_>) -> Result<sprag_verifier::AuthenticManifest<'_>, Error> {
        let before = footprint::instructions();
        #[cfg(not(feature = "salty"))]
        let authentic = intake.authenticate(&TRUST)?;
        #[cfg(feature = "salty")]
        let authentic = intake.authenticate_by::<sprag_verifier::Salty>(&TRUST)?;
        let after = footprint::instructions();
        say("signature", "instructions", after.wrapping_sub(before));
        Ok(authentic)
    }

    #[inline(never)]
    fn phase_two(part: &mut Part, plan: Plan, arena: &mut [u8]) -> Result<(), Error> {
        // Used where it was made: `?` would leave a second copy of the updater on the stack.
        let mut made = Updater::new(plan, arena, &Codecs);
        let updater = made.as_mut().map_err(|e| *e)?;
        say("phase-two", "updater", size_of_val(updater) as u32);
        loop {
            match updater.step(part)? {
                Status::NeedInput(wanted) => {
                    let start = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
                    let bytes = package().get(start..).unwrap_or_default();
                    let len = bytes.len().min(wanted.len as usize);
                    updater.push(wanted.offset, bytes.get(..len).unwrap_or_default())?;
                }
                Status::Done => {
                    say("image", "bytes", updater.progress().image.0);
                    return Ok(());
                }
                _ => {}
            }
        }
    }
}

#[cfg(not(bare_metal))]
fn main() {}
