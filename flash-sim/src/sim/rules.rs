//! The rules of the part, which a caller must keep or be stopped by a panic.

use core::ops::Range;

use super::{FlashSim, units};
use crate::error::FlashError;
use crate::geometry::WriteRule;
use crate::index;

impl FlashSim {
    pub(super) fn check_power(&self) -> Result<(), FlashError> {
        if self.is_powered() {
            Ok(())
        } else {
            Err(FlashError::PowerLost)
        }
    }

    #[track_caller]
    pub(super) fn check_range(
        &self,
        what: &str,
        address: u32,
        len: usize,
        align: u32,
    ) -> Range<u32> {
        let capacity = self.geometry.capacity();
        let end = u32::try_from(len)
            .ok()
            .and_then(|len| address.checked_add(len));
        let Some(end) = end.filter(|&end| end <= capacity) else {
            panic!("{what} at {address:#010x}: {len} bytes pass the capacity {capacity:#x}");
        };
        assert!(
            address.is_multiple_of(align),
            "{what} at {address:#010x}: the address is not aligned to {align}"
        );
        assert!(
            end.is_multiple_of(align),
            "{what} at {address:#010x}: the length {len} is not a multiple of {align}"
        );
        address..end
    }

    #[track_caller]
    pub(super) fn check_sectors(&self, from: u32, to: u32) {
        let capacity = self.geometry.capacity();
        assert!(
            from <= to,
            "erase at {from:#010x}: the end {to:#010x} comes before the start"
        );
        assert!(
            to <= capacity,
            "erase at {from:#010x}: the end {to:#010x} passes the capacity {capacity:#x}"
        );
        for address in [from, to] {
            assert!(
                self.geometry.is_sector_boundary(address),
                "erase at {from:#010x}: {address:#010x} is no sector boundary"
            );
        }
    }

    #[track_caller]
    pub(super) fn check_write_rule(&self, address: u32, data: &[u8]) {
        if self.geometry.write_rule() == WriteRule::WriteOnce {
            for (address, _) in units(address, self.write_size(), data) {
                assert!(
                    self.unit_writes(address) == 0,
                    "write at {address:#010x}: the unit was written since its last erase"
                );
            }
        }
        if let Some(at) = self.cells.conflict(index(address), data) {
            panic!(
                "write at {at:#010x}: {:#04x} cannot become {:#04x} without an erase",
                self.bytes()[at],
                data[at - index(address)]
            );
        }
    }
}
