use super::{Layout, Tables};
use crate::profile::Profile;

#[test]
fn a_short_slab_is_no_table() {
    for profile in Profile::ALL {
        let layout = Layout::of(profile);
        let mut slab = std::vec![0; layout.len()];
        assert!(Tables::split(&mut slab, layout).is_some());
        let (_, short) = slab.split_first_mut().unwrap();
        assert!(Tables::split(short, layout).is_none());
    }
}
