//! Every function of the C library.

use core::hint::black_box;
use core::ptr::null_mut;

use sprag_c::{
    FlashConfig, sprag_boot_choose, sprag_confirm, sprag_finalize, sprag_forgive, sprag_give_up,
    sprag_handle_size, sprag_init, sprag_lwm2m_result, sprag_process, sprag_record_read,
    sprag_report, sprag_resume, sprag_seek, sprag_version, sprag_wanted,
};

/// Calls them with pointers of which nothing is known.
pub(crate) fn all() -> u32 {
    let handle = black_box(null_mut());
    let flash: *const FlashConfig = black_box(null_mut());
    // SAFETY: null is allowed everywhere; nothing else is ever run, for the program is only linked.
    let answers = unsafe {
        [
            sprag_init(handle, black_box(null_mut())),
            sprag_resume(handle, black_box(null_mut())),
            sprag_process(handle, black_box(null_mut()), black_box(0)),
            sprag_seek(handle, black_box(0)),
            sprag_wanted(handle, black_box(null_mut())),
            sprag_report(handle, black_box(null_mut())),
            sprag_finalize(handle),
            sprag_boot_choose(flash, black_box(null_mut())),
            sprag_confirm(flash, black_box(0)),
            sprag_give_up(flash, black_box(0)),
            sprag_forgive(flash),
            sprag_record_read(flash, black_box(null_mut())),
        ]
    };
    let mut codes = sprag_version() ^ black_box(sprag_handle_size()) as u32;
    for answer in answers {
        codes ^= answer as u32 ^ u32::from(sprag_lwm2m_result(answer));
    }
    codes
}
