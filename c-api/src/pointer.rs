//! From pointers to references. What can be seen of a pointer is checked: that it is not null, that it is aligned,
//! and that the structure behind it says the size that this library knows.
#![expect(unsafe_code, reason = "the caller is written in C")]

use core::ffi::c_char;

use crate::status::Misuse;
use crate::types::{
    BootChoice, Config, DeviceConfig, FlashConfig, RecordView, Report, SPRAG_MAX_TEXT, Wanted,
};

/// A structure of C's that begins with its own size.
///
/// # Safety
/// The type is `repr(C)`, its first member is a `u32`, and any bytes are a value of it.
pub(crate) unsafe trait Sized32 {}

// SAFETY: integers and pointers, the size first.
unsafe impl Sized32 for Config {}
// SAFETY: as above; a null function pointer is `None`.
unsafe impl Sized32 for FlashConfig {}
// SAFETY: integers and pointers, the size first.
unsafe impl Sized32 for DeviceConfig {}
// SAFETY: integers, the size first.
unsafe impl Sized32 for Wanted {}
// SAFETY: integers, the size first.
unsafe impl Sized32 for Report {}
// SAFETY: integers, the size first.
unsafe impl Sized32 for BootChoice {}
// SAFETY: integers, the size first.
unsafe impl Sized32 for RecordView {}

/// Refuses null, and what is not aligned.
pub(crate) fn check<T>(pointer: *const T) -> Result<(), Misuse> {
    match () {
        () if pointer.is_null() => Err(Misuse::NullPointer),
        () if !pointer.is_aligned() => Err(Misuse::Misaligned),
        () => Ok(()),
    }
}

/// Refuses a structure of another size than the library's; its own size, for what is filled in.
///
/// # Safety
/// If `pointer` is not null, it may be read as far as the size that its first member says.
pub(crate) unsafe fn check_size<T: Sized32>(pointer: *const T) -> Result<u32, Misuse> {
    check(pointer)?;
    // SAFETY: it is aligned for the structure and so for its first member, which the trait says is this.
    let said = unsafe { pointer.cast::<u32>().read() };
    match u32::try_from(size_of::<T>()) {
        Ok(size) if said == size => Ok(size),
        _ => Err(Misuse::StructSize),
    }
}

/// The structure at `pointer`.
///
/// # Safety
/// If it is not null, it may be read as far as its first member says, for as long as the reference lives, and
/// nothing changes it.
pub(crate) unsafe fn shared<'a, T: Sized32>(pointer: *const T) -> Result<&'a T, Misuse> {
    // SAFETY: the caller's promise.
    unsafe { check_size(pointer)? };
    // SAFETY: not null, aligned, of this size, any bytes are a value; the rest is the caller's promise.
    Ok(unsafe { &*pointer })
}

/// Fills the structure at `pointer` in; `value` is given its size.
///
/// # Safety
/// If it is not null, it may be written as far as its first member says, and no reference to it is alive.
pub(crate) unsafe fn fill<T: Sized32>(
    pointer: *mut T,
    value: impl FnOnce(u32) -> T,
) -> Result<(), Misuse> {
    // SAFETY: the caller's promise.
    let size = unsafe { check_size(pointer)? };
    // SAFETY: not null, aligned, and of this size.
    unsafe { pointer.write(value(size)) };
    Ok(())
}

/// `len` values at `pointer`; none if `len` is 0, whatever the pointer.
///
/// # Safety
/// If it is not null, so many values may be read there for as long as the reference lives, and nothing changes them.
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, len: usize) -> Result<&'a [T], Misuse> {
    if len == 0 {
        return Ok(&[]);
    }
    check(pointer)?;
    if len.saturating_mul(size_of::<T>()) > usize::MAX / 2 {
        return Err(Misuse::Memory);
    }
    // SAFETY: not null, aligned, not longer than an object may be; the rest is the caller's promise.
    Ok(unsafe { core::slice::from_raw_parts(pointer, len) })
}

/// `len` bytes of memory at `pointer`.
///
/// # Safety
/// Nothing else reads or writes them while the reference lives.
pub(crate) unsafe fn memory<'a>(pointer: *mut u8, len: usize) -> Result<&'a mut [u8], Misuse> {
    check(pointer)?;
    if len == 0 || len > usize::MAX / 2 {
        return Err(Misuse::Memory);
    }
    // SAFETY: not null, not longer than an object may be; the rest is the caller's promise. Bytes of memory that
    // nobody has written yet are the caller's object all the same, and are written before they are read.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer, len) })
}

/// The `N` bytes at `pointer`.
///
/// # Safety
/// If it is not null, they may be read.
pub(crate) unsafe fn bytes<const N: usize>(pointer: *const u8) -> Result<[u8; N], Misuse> {
    check(pointer)?;
    // SAFETY: not null; bytes have no alignment.
    Ok(unsafe { pointer.cast::<[u8; N]>().read() })
}

/// The text at `pointer`, which ends with a zero byte; `None` if it is null.
///
/// # Safety
/// If it is not null, its bytes up to the zero byte may be read for as long as the reference lives, and nothing
/// changes them.
pub(crate) unsafe fn text<'a>(pointer: *const c_char) -> Result<Option<&'a str>, Misuse> {
    if pointer.is_null() {
        return Ok(None);
    }
    let mut len = 0_usize;
    loop {
        // SAFETY: all bytes before this one are not zero, so the text reaches to it.
        let byte = unsafe { pointer.wrapping_add(len).read() };
        match byte {
            0 => break,
            _ if len >= SPRAG_MAX_TEXT => return Err(Misuse::Text),
            _ => len = len.wrapping_add(1),
        }
    }
    // SAFETY: so many bytes were just read.
    let bytes = unsafe { core::slice::from_raw_parts(pointer.cast::<u8>(), len) };
    core::str::from_utf8(bytes)
        .map(Some)
        .map_err(|_| Misuse::Text)
}
