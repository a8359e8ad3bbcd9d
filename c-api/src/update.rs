//! The functions of an update.
//!
//! A handle's first word says whether there is a session in it, and whether a call is under way: a callback that calls
//! the library with the same handle is refused before it could see anything half done. `sprag_init` alone takes any
//! handle, and must not be called from there.
#![expect(unsafe_code, reason = "the caller is written in C")]

use sprag_verifier::{Error, lwm2m_result};

use crate::given::Given;
use crate::pointer;
use crate::report;
use crate::session::Session;
use crate::status::{Refusal, status};
use crate::types::{Config, Handle, Report, SPRAG_API_VERSION, Wanted};

/// What the first word of a handle says. Zeros are no session.
const READY: u32 = 0x5350_5247;
const BUSY: u32 = 0x5350_5242;
const ENDED: u32 = 0;

/// A handle as it is.
#[repr(C)]
struct Slot {
    /// First, so that it is found without a session behind it.
    mark: u32,
    session: Session,
}

const _: () = assert!(
    size_of::<Slot>() <= size_of::<Handle>(),
    "raise SPRAG_HANDLE_WORDS"
);
const _: () = assert!(align_of::<Slot>() <= align_of::<Handle>());

/// Begins an update, or begins it anew after a reset: then `sprag_resume` comes next.
///
/// Nothing is read from flash or written to it before `sprag_resume` or `sprag_process`.
///
/// Never call it from inside a callback with the handle that the callback works for. It begins anew over whatever the
/// handle holds, since memory that was never written, or that a reset left, cannot be told from a call under way.
///
/// # Safety
/// `handle` is null or points at a `sprag_handle`, whatever is in it, and no function of this library is under way with
/// it. `config` is null or points at a
/// `sprag_config`. What that points at may be read, and its memory be written, and stays as it is, until
/// `sprag_finalize` or another `sprag_init` of the same handle; the callbacks may be called until then, from inside
/// the functions of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_init(handle: *mut Handle, config: *const Config) -> i32 {
    let begin = || -> Result<i32, Refusal> {
        pointer::check(handle)?;
        // SAFETY: not null and aligned, and the mark comes first.
        unsafe { handle.cast::<u32>().write(ENDED) };
        // SAFETY: the caller's promise.
        let config = unsafe { pointer::shared(config)? };
        // SAFETY: the caller's promise.
        let given = unsafe { Given::new(*config) };
        let session = Session::new(given)?;
        let mark = READY;
        // SAFETY: as above, and large enough, as is asserted; what was there needs no drop.
        unsafe { handle.cast::<Slot>().write(Slot { mark, session }) };
        Ok(crate::SPRAG_OK)
    };
    status(begin())
}

/// Goes on after a reset: with the head of the package that is staged in flash, if there is one, and as far as flash
/// leads. `SPRAG_OK`: fetch the package from `*offset` on, which is 0 if nothing was staged, and hand it to
/// `sprag_process`. `SPRAG_DONE` and `SPRAG_STAGED`: no more is needed.
///
/// Call it directly after `sprag_init`, or not at all: without it, a package that is pushed from its first byte
/// continues the same update, and what is known already is passed over.
///
/// # Safety
/// `handle` is null or points at a `sprag_handle` of zeros or one that `sprag_init` has filled; `offset` is null or
/// points at a `uint64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_resume(handle: *mut Handle, offset: *mut u64) -> i32 {
    let resume = |session: &mut Session| {
        pointer::check(offset)?;
        let came_to = session.resume()?;
        // SAFETY: not null and aligned; the caller's promise.
        unsafe { offset.write(session.wanted().0) };
        Ok(came_to)
    };
    // SAFETY: the caller's promise.
    status(unsafe { with(handle, resume) })
}

/// Takes the next bytes of the package, of any number, and does all the work that they allow. `SPRAG_OK`: more are
/// wanted. `SPRAG_DONE`: the new image is whole and marked for its trial boot; bytes behind it are passed over.
///
/// After `SPRAG_E_BLOCK_HASH`, `SPRAG_E_PAGE_HASH`, `SPRAG_E_STREAM_GAP` or `SPRAG_E_STREAM_END`, fetch again from
/// `sprag_wanted` on: the update stands, and the next bytes are taken to be those. After any other error that the update came to it has ended. A call that is refused as a call
/// changes nothing: `SPRAG_E_NULL_POINTER` and what else is wrong with arguments, and `SPRAG_E_WRONG_STATE` from inside a
/// callback or without `sprag_init`.
///
/// # Safety
/// `handle` as in `sprag_resume`. `bytes` is null, or `len` bytes may be read there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_process(handle: *mut Handle, bytes: *const u8, len: usize) -> i32 {
    let process = |session: &mut Session| {
        // SAFETY: the caller's promise.
        session.process(unsafe { pointer::slice(bytes, len)? })
    };
    // SAFETY: the caller's promise.
    status(unsafe { with(handle, process) })
}

/// Says that the next bytes for `sprag_process` lie at this offset of the package. What lies before the wanted range
/// is passed over; what would leave a gap is refused then (`SPRAG_E_STREAM_GAP`).
///
/// # Safety
/// `handle` as in `sprag_resume`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_seek(handle: *mut Handle, offset: u64) -> i32 {
    // SAFETY: the caller's promise.
    status(unsafe { with(handle, |session| session.seek(offset)) })
}

/// The range of the package that is wanted next. It may lie ahead of what was pushed last: go there with
/// `sprag_seek`, or push what lies between as well.
///
/// # Safety
/// `handle` as in `sprag_resume`; `wanted` is null or points at a `sprag_range` that says its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_wanted(handle: *mut Handle, wanted: *mut Wanted) -> i32 {
    let tell = |session: &mut Session| {
        let (offset, len) = session.wanted();
        let range = |struct_size| Wanted {
            struct_size,
            len,
            offset,
        };
        // SAFETY: the caller's promise.
        unsafe { pointer::fill(wanted, range)? };
        Ok(crate::SPRAG_OK)
    };
    // SAFETY: the caller's promise.
    status(unsafe { with(handle, tell) })
}

/// Ends the update, and gives memory and configuration back. `SPRAG_DONE` or `SPRAG_STAGED` if it came to its end,
/// the error that ended it, or `SPRAG_E_INCOMPLETE`: then another `sprag_init` and `sprag_resume` goes on.
///
/// # Safety
/// `handle` as in `sprag_resume`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_finalize(handle: *mut Handle) -> i32 {
    // SAFETY: the caller's promise.
    let came_to = status(unsafe { with(handle, Session::finalize) });
    if pointer::check(handle).is_ok() {
        // SAFETY: not null and aligned; the caller's promise. A call that is under way keeps its mark.
        let mark = unsafe { handle.cast::<u32>().read() };
        if mark == READY {
            // SAFETY: as above.
            unsafe { handle.cast::<u32>().write(ENDED) };
        }
    }
    came_to
}

/// Tells where the update stands, and why the last `sprag_resume` or `sprag_process` was refused.
///
/// # Safety
/// `handle` as in `sprag_resume`; `report` is null or points at a `sprag_status` that says its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sprag_report(handle: *mut Handle, report: *mut Report) -> i32 {
    let tell = |session: &mut Session| {
        // SAFETY: the caller's promise.
        unsafe { pointer::fill(report, |size| report::report(session, size))? };
        Ok(crate::SPRAG_OK)
    };
    // SAFETY: the caller's promise.
    status(unsafe { with(handle, tell) })
}

/// The update result of the LwM2M Firmware Update object (Object 5, resource 5) for what a function has returned: 0
/// for `SPRAG_OK`, 1 for `SPRAG_DONE` and `SPRAG_STAGED`.
#[unsafe(no_mangle)]
pub const extern "C" fn sprag_lwm2m_result(status: i32) -> u8 {
    let [low, high, ..] = status.wrapping_neg().to_le_bytes();
    match status {
        crate::SPRAG_OK => 0,
        1.. => 1,
        _ => lwm2m_result(u16::from_le_bytes([low, high])),
    }
}

/// `SPRAG_API_VERSION` of the library.
#[unsafe(no_mangle)]
pub const extern "C" fn sprag_version() -> u32 {
    SPRAG_API_VERSION
}

/// `sizeof(struct sprag_handle)` of the library.
#[unsafe(no_mangle)]
pub const extern "C" fn sprag_handle_size() -> usize {
    size_of::<Handle>()
}

/// Lets `call` work on the session of a handle.
///
/// # Safety
/// `handle` is null or points at a handle of zeros or one that `sprag_init` has filled.
unsafe fn with(
    handle: *mut Handle,
    call: impl FnOnce(&mut Session) -> Result<i32, Refusal>,
) -> Result<i32, Refusal> {
    pointer::check(handle)?;
    let slot = handle.cast::<Slot>();
    // SAFETY: not null and aligned; the first word of a handle is always written.
    let mark = unsafe { handle.cast::<u32>().read() };
    if mark != READY {
        return Err(Error::WrongState.into());
    }
    // SAFETY: as above.
    unsafe { handle.cast::<u32>().write(BUSY) };
    // SAFETY: `READY` is written by `sprag_init`, behind a whole session, and by this function. The mark is `BUSY`
    // while the reference lives, so that no second one is made.
    let session = unsafe { &mut (*slot).session };
    let result = call(session);
    // SAFETY: as above.
    unsafe { handle.cast::<u32>().write(READY) };
    result
}
