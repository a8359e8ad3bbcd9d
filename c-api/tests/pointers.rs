//! The functions as C calls them, from Rust, so that Miri can watch every pointer:
//! `MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p sprag-c --test pointers`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
#![expect(unsafe_code, reason = "what is tested is called from C")]

use core::ffi::c_void;
use core::ptr;

use sprag::{
    BuildInputs, CodecChoice, Effort, FullImage, IsaMismatch, ReleaseSpec, SigningKey, WayBack,
    build,
};
use sprag_c::{
    BootChoice, Config, DeviceConfig, FlashArea, FlashConfig, Handle, Key, Report, SPRAG_DONE,
    SPRAG_HANDLE_WORDS, SPRAG_ISA_NONE, SPRAG_OK, SPRAG_ROLE_RELEASE, SectorRun, Wanted,
    sprag_boot_choose, sprag_confirm, sprag_finalize, sprag_init, sprag_process, sprag_report,
    sprag_resume, sprag_seek, sprag_wanted,
};
use sprag_manifest::{Isa, KeyId, Release};

const SECTOR: u32 = 512;
/// The record's two sectors, two slots of four, a staging area of twelve.
const SECTORS: u32 = 22;

/// A flash that fails when its operations are used up.
struct Nor {
    cells: Vec<u8>,
    operations: u32,
    idle: u32,
}

impl Nor {
    /// The bytes of a call, which all must be there.
    ///
    /// # Safety
    /// `user` is a `Nor`, and nothing else refers to it.
    unsafe fn at<'n>(user: *mut c_void, address: u32, len: usize) -> &'n mut [u8] {
        // SAFETY: the caller's promise.
        let nor = unsafe { &mut *user.cast::<Self>() };
        let start = usize::try_from(address).unwrap();
        &mut nor.cells[start..start + len]
    }

    /// Whether there is power for one more.
    ///
    /// # Safety
    /// As for `at`.
    unsafe fn spend(user: *mut c_void) -> bool {
        // SAFETY: the caller's promise.
        let nor = unsafe { &mut *user.cast::<Self>() };
        nor.operations = nor.operations.saturating_sub(1);
        nor.operations > 0
    }
}

unsafe extern "C" fn read(user: *mut c_void, address: u32, to: *mut u8, len: usize) -> i32 {
    // SAFETY: the library calls with the flash's own `user`.
    let from = unsafe { Nor::at(user, address, len) };
    // SAFETY: the library's promise: so many bytes may be written there.
    unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to, len) };
    0
}

unsafe extern "C" fn write(user: *mut c_void, address: u32, from: *const u8, len: usize) -> i32 {
    // SAFETY: as above.
    if !unsafe { Nor::spend(user) } {
        return 9;
    }
    // SAFETY: as above.
    let to = unsafe { Nor::at(user, address, len) };
    assert!(to.iter().all(|byte| *byte == 0xff), "written twice");
    // SAFETY: the library's promise: so many bytes may be read there.
    unsafe { ptr::copy_nonoverlapping(from, to.as_mut_ptr(), len) };
    0
}

unsafe extern "C" fn erase(user: *mut c_void, address: u32, len: u32) -> i32 {
    // SAFETY: as above.
    if !unsafe { Nor::spend(user) } {
        return 9;
    }
    let len = usize::try_from(len).unwrap();
    // SAFETY: as above.
    unsafe { Nor::at(user, address, len) }.fill(0xff);
    0
}

unsafe extern "C" fn idle(user: *mut c_void) {
    // SAFETY: as above.
    let nor = unsafe { &mut *user.cast::<Nor>() };
    nor.idle += 1;
}

fn size_of_u32<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed(KeyId(*b"TESTONLY"), b"sprag tests: trust this nowhere!")
}

fn package(new: &[u8]) -> Vec<u8> {
    let release = Release {
        vendor: Some("acme".into()),
        product: Some("sensor".into()),
        hardware: vec!["r1".into()],
        isa: Some(Isa::None),
        new_version: Some("2".into()),
        block_size: Some(512),
        ..Release::default()
    };
    let inputs = BuildInputs {
        release: ReleaseSpec::new(release).unwrap(),
        sources: Vec::new(),
        new,
        codec: CodecChoice::Stored,
        ram: None,
        effort: Effort::Fast,
        full: FullImage::Always,
        isa_mismatch: IsaMismatch::Refuse,
        told_address: None,
        profile: None,
        in_place: None,
        way_back: WayBack::Without,
    };
    build(&inputs, &key(), &mut |_, _, _| ()).unwrap()
}

#[test]
fn an_update_that_is_cut_off_and_goes_on() {
    let new: Vec<u8> = (0_u32..700).map(|i| i.to_le_bytes()[0] ^ 0x35).collect();
    let package = package(&new);
    let mut nor = Nor {
        cells: vec![0xff; usize::try_from(SECTORS * SECTOR).unwrap()],
        operations: u32::MAX,
        idle: 0,
    };
    let user: *mut Nor = &raw mut nor;
    let area = |first: u32, count: u32| FlashArea {
        address: first * SECTOR,
        size: count * SECTOR,
    };
    let sectors = [SectorRun {
        count: SECTORS,
        size: SECTOR,
    }];
    let flash = FlashConfig {
        struct_size: size_of_u32::<FlashConfig>(),
        write_size: 4,
        erased: 0xff,
        base: 0,
        sectors: sectors.as_ptr(),
        sector_runs: 1,
        record: area(0, 2),
        slot_a: area(2, 4),
        slot_b: area(6, 4),
        staging: area(10, 12),
        scratch: area(0, 0),
        user: user.cast(),
        read: Some(read),
        write: Some(write),
        erase: Some(erase),
        idle: Some(idle),
    };
    let device = DeviceConfig {
        struct_size: size_of_u32::<DeviceConfig>(),
        isa: SPRAG_ISA_NONE,
        vendor: c"acme".as_ptr(),
        product: c"sensor".as_ptr(),
        hardware: c"r1".as_ptr(),
        version: ptr::null(),
        bootloader: ptr::null(),
        os: ptr::null(),
        layout: ptr::null(),
        bootloader_version: 0,
        os_version: 0,
        load_address: 0,
        now: 0,
        known: 0,
        keyset_version: 0,
        free_storage: 0,
        free_ram: 0,
        minute_of_day: 0,
        battery_percent: 0,
        temperature: 0,
    };
    let public = key().verifying_key();
    let (id, bytes) = (public.key_id(), public.to_bytes());
    let keys = [Key {
        id: id.0.as_ptr(),
        key: bytes.as_ptr(),
        role: SPRAG_ROLE_RELEASE,
    }];
    let mut memory = vec![0_u8; 4096];
    let config = Config {
        struct_size: size_of_u32::<Config>(),
        flags: 0,
        flash: &raw const flash,
        device: &raw const device,
        keys: keys.as_ptr(),
        key_count: 1,
        memory: memory.as_mut_ptr(),
        memory_len: memory.len(),
        trailer_reserve: 0,
        trial_boots: 1,
    };
    let mut handle = Handle {
        opaque: [0; SPRAG_HANDLE_WORDS],
    };
    let handle: *mut Handle = &raw mut handle;
    let mut offset = 0_u64;
    let mut wanted = Wanted {
        struct_size: size_of_u32::<Wanted>(),
        len: 0,
        offset: 0,
    };
    // SAFETY: everything lives to the end of the test, and is not touched beside.
    let half = package.len() / 2;
    unsafe {
        assert_eq!(sprag_init(handle, &raw const config), SPRAG_OK);
        assert_eq!(sprag_resume(handle, &raw mut offset), SPRAG_OK);
        assert_eq!(offset, 0);
        assert_eq!(sprag_process(handle, package.as_ptr(), 9), SPRAG_OK);
        let rest = package.as_ptr().add(9);
        assert_eq!(sprag_process(handle, rest, half - 9), SPRAG_OK);
        assert_eq!(sprag_wanted(handle, &raw mut wanted), SPRAG_OK);
        assert!(wanted.len > 0);
        assert_eq!(sprag_seek(handle, wanted.offset), SPRAG_OK);
        // Power fails, and comes back.
        (*user).operations = 3;
        let at = usize::try_from(wanted.offset).unwrap();
        let rest = package.as_ptr().add(at);
        assert!(sprag_process(handle, rest, package.len() - at) < 0);
        let mut report: Report = core::mem::zeroed();
        report.struct_size = size_of_u32::<Report>();
        assert_eq!(sprag_report(handle, &raw mut report), SPRAG_OK);
        assert!(report.status <= -800);
        assert_eq!(sprag_finalize(handle), report.status);
        (*user).operations = u32::MAX;
        memory.fill(0xa5);

        let config = Config {
            memory: memory.as_mut_ptr(),
            ..config
        };
        assert_eq!(sprag_init(handle, &raw const config), SPRAG_OK);
        assert_eq!(sprag_resume(handle, &raw mut offset), SPRAG_OK);
        assert!(offset > 0);
        let at = usize::try_from(offset).unwrap();
        // Bad blocks, until what was found in flash is not believed any more: what is wanted instead is known at once.
        let mut bad = package[at..].to_vec();
        bad.iter_mut().for_each(|byte| *byte ^= 1);
        for _ in 0..4 {
            let refused = sprag_process(handle, bad.as_ptr(), bad.len());
            assert_eq!(refused, -601, "SPRAG_E_BLOCK_HASH");
            assert_eq!(sprag_wanted(handle, &raw mut wanted), SPRAG_OK);
            assert!(wanted.len > 0, "{wanted:?}");
            assert_eq!(sprag_seek(handle, wanted.offset), SPRAG_OK);
        }
        let at = usize::try_from(wanted.offset).unwrap();
        let rest = package.as_ptr().add(at);
        assert_eq!(sprag_process(handle, rest, package.len() - at), SPRAG_DONE);
        assert_eq!(sprag_finalize(handle), SPRAG_DONE);
        let mut boot: BootChoice = core::mem::zeroed();
        // The image on trial has one boot: a choice that cannot be told does not cost it.
        assert_eq!(
            sprag_boot_choose(&raw const flash, &raw mut boot),
            -922,
            "SPRAG_E_STRUCT_SIZE"
        );
        boot.struct_size = size_of_u32::<BootChoice>();
        assert_eq!(sprag_boot_choose(&raw const flash, &raw mut boot), SPRAG_OK);
        assert_eq!(boot.slot, 1);
        assert_eq!(sprag_confirm(&raw const flash, 1), SPRAG_OK);
    }
    let start = usize::try_from(6 * SECTOR).unwrap();
    assert_eq!(nor.cells[start..start + new.len()], new);
    assert!(nor.idle > 0);
}
