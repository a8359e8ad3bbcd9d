//! What both languages see: structures, and the numbers in them.
//!
//! Each structure that the library reads or fills begins with its own size, so that a firmware and a library that
//! were built from different versions find out.

use core::ffi::{c_char, c_void};

/// Version of this interface: the major number in the upper 16 bits, the minor in the lower.
pub const SPRAG_API_VERSION: u32 = 0x0001_0000;

/// Bytes of memory that hold the head of a package whose envelope has `n` bytes are this and `n`. An envelope with
/// one source and one signature has about 311.
pub const SPRAG_INTAKE_OVERHEAD: usize = 97;
/// Bytes of memory for packages built with `--ram 8192` and blocks of 4096 bytes.
pub const SPRAG_MEMORY_8K: usize = 12_288;
/// Bytes of memory for packages built with `--ram 16384` and blocks of 4096 bytes.
pub const SPRAG_MEMORY_16K: usize = 20_480;
/// Most keys of a trust store.
pub const SPRAG_MAX_KEYS: usize = 8;
/// Most runs of a sector table.
pub const SPRAG_MAX_SECTOR_RUNS: u32 = 64;
/// Most bytes of a text, without the zero byte at its end.
pub const SPRAG_MAX_TEXT: usize = 32;
/// Words of 64 bits of a handle.
#[cfg(target_pointer_width = "32")]
pub const SPRAG_HANDLE_WORDS: usize = 224;
/// Words of 64 bits of a handle.
#[cfg(not(target_pointer_width = "32"))]
pub const SPRAG_HANDLE_WORDS: usize = 256;

/// Not bound to an instruction set.
pub const SPRAG_ISA_NONE: u32 = 0;
/// Arm T32 (Thumb).
pub const SPRAG_ISA_THUMB: u32 = 1;
/// Arm A32.
pub const SPRAG_ISA_A32: u32 = 2;
/// Arm A64.
pub const SPRAG_ISA_A64: u32 = 3;
/// RISC-V, 32 bits.
pub const SPRAG_ISA_RV32: u32 = 4;
/// RISC-V, 64 bits.
pub const SPRAG_ISA_RV64: u32 = 5;
/// Xtensa.
pub const SPRAG_ISA_XTENSA: u32 = 6;
/// x86, 64 bits.
pub const SPRAG_ISA_X86_64: u32 = 7;

/// The key may sign releases.
pub const SPRAG_ROLE_RELEASE: u32 = 0;
/// The key may sign key sets, and no release.
pub const SPRAG_ROLE_ROOT: u32 = 1;

/// `sprag_device.known`: `load_address` is filled in.
pub const SPRAG_KNOWN_LOAD_ADDRESS: u32 = 1;
/// `sprag_device.known`: `now` is filled in, from a clock that is trusted.
pub const SPRAG_KNOWN_NOW: u32 = 2;
/// `sprag_device.known`: `battery_percent` is filled in.
pub const SPRAG_KNOWN_BATTERY: u32 = 4;
/// `sprag_device.known`: `free_storage` is filled in.
pub const SPRAG_KNOWN_STORAGE: u32 = 8;
/// `sprag_device.known`: `temperature` is filled in.
pub const SPRAG_KNOWN_TEMPERATURE: u32 = 16;
/// `sprag_device.known`: `free_ram` is filled in.
pub const SPRAG_KNOWN_RAM: u32 = 32;
/// `sprag_device.known`: `minute_of_day` is filled in.
pub const SPRAG_KNOWN_MINUTE: u32 = 64;

/// `sprag_config.flags`: the published example keys count. For tests and demonstrations only.
pub const SPRAG_FLAG_EXAMPLE_KEYS: u32 = 1;
/// `sprag_config.flags`: the bootloader of a device with a single slot runs, and applies what is staged.
pub const SPRAG_FLAG_BOOTLOADER: u32 = 2;
/// `sprag_config.flags`: this package was deferred the last time (codes 330 to 334).
pub const SPRAG_FLAG_DEFERRED: u32 = 4;

/// First slot.
pub const SPRAG_SLOT_A: u32 = 0;
/// Second slot.
pub const SPRAG_SLOT_B: u32 = 1;

/// `sprag_boot.kind`: the confirmed image.
pub const SPRAG_BOOT_CONFIRMED: u32 = 0;
/// `sprag_boot.kind`: the new image, on trial, until it is confirmed or its boots are used up.
pub const SPRAG_BOOT_TRIAL: u32 = 1;
/// `sprag_boot.kind`: the confirmed image, because the new one was not confirmed in time or is not whole.
pub const SPRAG_BOOT_REVERTED: u32 = 2;
/// `sprag_boot.kind`: none yet; the bootloader makes it in the only slot: `sprag_init` with
/// `SPRAG_FLAG_BOOTLOADER`, then `sprag_resume`.
pub const SPRAG_BOOT_APPLY: u32 = 3;
/// `sprag_boot.kind`: the confirmed image, or what an only slot holds and is whole: the boot record cannot be written, so
/// that no boot can be counted and no update begun. To be reported.
pub const SPRAG_BOOT_UNRECORDED: u32 = 4;

/// A callback's answer: done.
pub const SPRAG_FLASH_OK: i32 = 0;
/// A callback's answer: the call was not aligned as the part wants it.
pub const SPRAG_FLASH_NOT_ALIGNED: i32 = 1;
/// A callback's answer: the call reached outside the part.
pub const SPRAG_FLASH_OUT_OF_BOUNDS: i32 = 2;

/// Sectors of one size that follow each other.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SectorRun {
    /// How many.
    pub count: u32,
    /// Bytes of each; whole write units.
    pub size: u32,
}

/// A part of the flash: whole sectors, inside the sector table, apart from all others. Size 0: there is none.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct FlashArea {
    /// Address of its first byte.
    pub address: u32,
    /// Bytes.
    pub size: u32,
}

/// Fills `len` bytes from `address` on, at any alignment; 0 if it did.
pub type FlashRead = Option<
    unsafe extern "C" fn(user: *mut c_void, address: u32, bytes: *mut u8, len: usize) -> i32,
>;
/// Writes `len` bytes from `address` on: whole write units, at most 256 bytes, into an erased sector; 0 if it did.
/// `bytes` has no alignment.
pub type FlashWrite = Option<
    unsafe extern "C" fn(user: *mut c_void, address: u32, bytes: *const u8, len: usize) -> i32,
>;
/// Erases whole sectors, `len` bytes from `address` on; 0 if it did.
pub type FlashErase =
    Option<unsafe extern "C" fn(user: *mut c_void, address: u32, len: u32) -> i32>;
/// Called between two bounded pieces of work: feed the watchdog here. It must not call the library with the same
/// handle.
pub type Idle = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// The device's flash. It must stay as it is while a handle knows it.
///
/// Each write unit is written at most once between erases, so parts with ECC serve.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct FlashConfig {
    /// `sizeof(struct sprag_flash)`.
    pub struct_size: u32,
    /// Bytes of the smallest write: a power of two, at most 256.
    pub write_size: u32,
    /// What an erased byte reads as: 0xff on most parts, 0x00 on some.
    pub erased: u32,
    /// Address of the first sector of the table.
    pub base: u32,
    /// The sector table: runs of sectors from `base` on, without gaps.
    pub sectors: *const SectorRun,
    /// How many runs, at most `SPRAG_MAX_SECTOR_RUNS`.
    pub sector_runs: u32,
    /// First slot.
    pub slot_a: FlashArea,
    /// Second slot; none on a device with a single slot.
    pub slot_b: FlashArea,
    /// Where blocks wait, if anywhere outside the slots.
    pub staging: FlashArea,
    /// The boot record: two sectors, or twice as many as 212 bytes take.
    pub record: FlashArea,
    /// Checkpoints, and groups of sectors of a single slot, if anywhere outside the slots.
    pub scratch: FlashArea,
    /// Handed to each callback.
    pub user: *mut c_void,
    /// Reads.
    pub read: FlashRead,
    /// Writes.
    pub write: FlashWrite,
    /// Erases.
    pub erase: FlashErase,
    /// May be null.
    pub idle: Idle,
}

/// One key of the trust store: the two arrays that `sprag key export --c` writes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Key {
    /// Its id, 8 bytes.
    pub id: *const u8,
    /// The Ed25519 public key, 32 bytes.
    pub key: *const u8,
    /// `SPRAG_ROLE_...`.
    pub role: u32,
}

/// What this device is, and how it is doing. Texts end with a zero byte, have at most 32 bytes of UTF-8, and may be
/// null where "may be null" is said. All of it must stay as it is while a handle knows it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct DeviceConfig {
    /// `sizeof(struct sprag_device)`.
    pub struct_size: u32,
    /// `SPRAG_ISA_...`.
    pub isa: u32,
    /// Vendor, compared byte for byte.
    pub vendor: *const c_char,
    /// Product, compared byte for byte.
    pub product: *const c_char,
    /// Revision of this board; must be one of those listed.
    pub hardware: *const c_char,
    /// Version of the running image; may be null.
    pub version: *const c_char,
    /// Id of the bootloader; may be null.
    pub bootloader: *const c_char,
    /// Id of the operating system; may be null.
    pub os: *const c_char,
    /// Name of the partition layout; may be null.
    pub layout: *const c_char,
    /// Packed version of the bootloader.
    pub bootloader_version: u64,
    /// Packed version of the operating system.
    pub os_version: u64,
    /// Address at which the slot runs.
    pub load_address: u64,
    /// Seconds of Unix time.
    pub now: u64,
    /// `SPRAG_KNOWN_...`: which of `load_address`, `now` and the following are filled in.
    pub known: u32,
    /// Version of the stored key set; 0 while the trust store is compiled in.
    pub keyset_version: u32,
    /// Bytes of storage free for the application.
    pub free_storage: u32,
    /// Bytes of RAM free beside the update.
    pub free_ram: u32,
    /// Minutes since 00:00 UTC.
    pub minute_of_day: u16,
    /// Battery charge in percent.
    pub battery_percent: u8,
    /// Temperature in degrees Celsius.
    pub temperature: i8,
}

/// Everything an update needs. It is copied; what it points at is not, and must stay until the handle has ended.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Config {
    /// `sizeof(struct sprag_config)`.
    pub struct_size: u32,
    /// `SPRAG_FLAG_...`.
    pub flags: u32,
    /// The flash.
    pub flash: *const FlashConfig,
    /// The device.
    pub device: *const DeviceConfig,
    /// The trust store.
    pub keys: *const Key,
    /// How many keys, at most `SPRAG_MAX_KEYS`.
    pub key_count: u32,
    /// Memory for both phases, of any alignment. Only the library may touch it until the handle has ended.
    pub memory: *mut u8,
    /// Bytes of it.
    pub memory_len: usize,
    /// Bytes at the end of each slot that belong to the bootloader.
    pub trailer_reserve: u32,
    /// Boots in which a new image must confirm itself; at most 255.
    pub trial_boots: u32,
}

/// An update under way. Fill it with zeros, and leave it alone but for handing it over.
#[derive(Debug)]
#[repr(C)]
pub struct Handle {
    /// The library's.
    pub opaque: [u64; SPRAG_HANDLE_WORDS],
}

/// A range of the package.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Wanted {
    /// `sizeof(struct sprag_range)`.
    pub struct_size: u32,
    /// Bytes up to the end of the page or block; 0 if nothing is wanted.
    pub len: u32,
    /// Offset of the first byte, from the start of the package.
    pub offset: u64,
}

/// Where an update stands, and why it was refused, with both sides of the comparison. What a code does not have is
/// zero.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Report {
    /// `sizeof(struct sprag_status)`.
    pub struct_size: u32,
    /// What the last `sprag_resume` or `sprag_process` came to. Calls that were refused as calls do not count, nor do
    /// those of other functions.
    pub status: i32,
    /// The update result of the LwM2M Firmware Update object (Object 5, resource 5) for it.
    pub lwm2m_result: u32,
    /// Seconds after which another try pays; codes 330 to 335.
    pub retry_after: u32,
    /// Blocks fetched.
    pub blocks_done: u32,
    /// Blocks in all.
    pub blocks: u32,
    /// Bytes of the new image written.
    pub image_done: u32,
    /// Bytes of the new image.
    pub image: u32,
    /// The package's side, as a number: a counter, bytes needed, a block, an address of flash.
    pub package_number: u64,
    /// The device's side.
    pub device_number: u64,
    /// The package's side, as a text that ends with a zero byte.
    pub package_text: [u8; 33],
    /// The device's side.
    pub device_text: [u8; 33],
    /// The package's side, as bytes: a digest, or a key's id in the first eight.
    pub package_bytes: [u8; 32],
    /// The device's side.
    pub device_bytes: [u8; 32],
}

/// What to boot.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct BootChoice {
    /// `sizeof(struct sprag_boot)`.
    pub struct_size: u32,
    /// `SPRAG_BOOT_...`.
    pub kind: u32,
    /// `SPRAG_SLOT_...`.
    pub slot: u32,
    /// Address of the slot.
    pub address: u32,
    /// Bytes of the slot.
    pub size: u32,
}

/// What the boot record says.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RecordView {
    /// `sizeof(struct sprag_record)`.
    pub struct_size: u32,
    /// The slot with the confirmed image: `SPRAG_SLOT_...`.
    pub confirmed: u32,
    /// Phase number, as docs/FORMAT.md has it: 0 idle, 1 erasing, 2 writing, 3 pending, 4 on trial, 5 and above for a
    /// single slot.
    pub phase: u32,
    /// How the last update ended: 0 none has, 1 confirmed, 2 reverted.
    pub outcome: u32,
    /// Boots that the image on trial still has.
    pub tries_left: u32,
    /// Changes of the record so far.
    pub revision: u32,
    /// Security counter of the confirmed image.
    pub security_counter: u64,
    /// Sequence number of the confirmed image.
    pub sequence: u64,
}
