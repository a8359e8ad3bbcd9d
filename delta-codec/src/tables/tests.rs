use super::{Layout, Tables};
use crate::map::Widths;
use crate::profile::Profile;

const WIDTHS: Widths = Widths::of_lengths(1 << 20, 1 << 20, 1 << 16);

#[test]
fn a_short_slab_is_no_table() {
    for profile in Profile::ALL {
        let layout = Layout::of(profile);
        let mut slab = std::vec![0; layout.len()];
        assert!(Tables::split(&mut slab, profile, WIDTHS).is_some());
        let (_, short) = slab.split_first_mut().unwrap();
        assert!(Tables::split(short, profile, WIDTHS).is_none());
    }
}
