use sprag_manifest::{Codec, DeviceProfile, Digest, Index, Needs, Payload, Role};
use sprag_verifier::checkpoint_copy_len;

use super::plan;
use crate::codec::HostCodecs;

fn profile(flash: &str) -> DeviceProfile {
    let text = "vendor='acme'\nproduct='lamp'\nhardware='r1'\nisa='thumb'\nram=65536\n[flash]\n";
    toml::from_str(&format!("{text}write-size=4\n{flash}")).unwrap()
}

fn payload(codec: Codec, size: u32) -> Payload {
    let workspace = sprag_delta::workspace_len(sprag_delta::Profile::Kib16);
    let workspace = u32::try_from(workspace).unwrap();
    Payload {
        role: Role::Delta,
        source: Some(0),
        codec,
        size,
        block_size: 4096,
        root: Digest([0; 32]),
        checkpoint_interval: 0,
        in_place_group: 0,
        in_place_shift: 0,
        needs: Needs {
            workspace,
            ram: 0,
            scratch: 0,
            erases: 1,
            min_operations: 0,
            min_work: 0,
        },
    }
}

const IMAGE: u32 = 250_000;
const TIGHT: &str = "slot-size=253952\nsector-size=4096\nscratch-size=65536\n";

#[test]
fn checkpoints_take_a_quarter_of_the_image_at_most() {
    for size in [3000, 12_000, 40_000, 90_000, 200_000] {
        let mut planned = payload(Codec::NativeDelta, size);
        plan(
            &mut planned,
            (IMAGE, IMAGE),
            Some(300_000),
            &profile(TIGHT),
            false,
        );
        let copy_len = checkpoint_copy_len(&planned, &HostCodecs);
        let blocks = Index::new(&planned).block_count();
        let count = match planned.checkpoint_interval {
            4096 => blocks,
            interval => IMAGE.div_ceil(interval) - 1,
        };
        assert!(
            count > 0 && 4 * count * copy_len <= IMAGE,
            "{size}: {count} of {copy_len}"
        );
        assert!(planned.needs.scratch >= 2 * copy_len && planned.needs.scratch <= 65_536);
        assert!(planned.needs.min_operations > copy_len / 256);
        assert!(planned.min_ram() <= 65_536);
    }
}

#[test]
fn blocks_grow_until_each_may_have_a_checkpoint() {
    for (size, block_size, interval) in [(8000, 4096, 4096), (16_000, 8192, 4096)] {
        let mut planned = payload(Codec::NativeDelta, size);
        plan(
            &mut planned,
            (IMAGE, IMAGE),
            Some(300_000),
            &profile(TIGHT),
            false,
        );
        let found = (planned.block_size, planned.checkpoint_interval);
        assert_eq!(found, (block_size, interval), "{size}");
    }
}

#[test]
fn nothing_is_planned_where_blocks_are_staged_or_nothing_fits() {
    let unchanged = [
        ("slot-size=524288\nsector-size=4096\n", Codec::NativeDelta),
        (
            "slot-size=253952\nsector-size=4096\nstaging-size=131072\n",
            Codec::NativeDelta,
        ),
        ("slot-size=253952\nsector-size=4096\n", Codec::NativeDelta),
        (
            "slot-size=253952\nsector-size=4096\nscratch-size=8192\n",
            Codec::NativeDelta,
        ),
        // Decoders that cannot be saved.
        (TIGHT, Codec::NativeFull),
        (TIGHT, Codec::BsdiffZstd),
    ];
    for (flash, codec) in unchanged {
        let before = payload(codec, 40_000);
        let mut planned = before;
        plan(
            &mut planned,
            (IMAGE, IMAGE),
            Some(300_000),
            &profile(flash),
            false,
        );
        assert!(
            planned.needs.min_operations > 39 && planned.needs.min_work > 1000,
            "{flash} {codec:?}: {planned:?}"
        );
        planned.needs = before.needs;
        assert_eq!(planned, before, "{flash} {codec:?}");
    }
}

#[test]
fn a_block_size_that_was_asked_for_is_kept() {
    let mut planned = payload(Codec::NativeDelta, 40_000);
    plan(
        &mut planned,
        (IMAGE, IMAGE),
        Some(300_000),
        &profile(TIGHT),
        true,
    );
    assert_eq!(planned.block_size, 4096);
    let copy_len = checkpoint_copy_len(&planned, &HostCodecs);
    assert_eq!(planned.checkpoint_interval, 4 * copy_len);
}
