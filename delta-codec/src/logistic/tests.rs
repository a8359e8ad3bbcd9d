use super::{fold, squash, step, stretch};

#[test]
fn squash_rises_and_is_symmetric() {
    let mut last = 0;
    for x in -3000..=3000 {
        let one = squash(x);
        assert!(one >= last, "falls at {x}");
        assert!((24..=65511).contains(&one), "{one} at {x}");
        let mirrored = 65536 - i32::from(squash(-x));
        assert!(
            (i32::from(one) - mirrored).abs() <= 1,
            "not symmetric at {x}"
        );
        last = one;
    }
    assert_eq!((squash(0), squash(-3000), squash(3000)), (32768, 24, 65511));
}

#[test]
fn stretch_undoes_squash() {
    for x in -1200..=1200 {
        let back = stretch(squash(x));
        assert!(
            (back - x).abs() <= 12 + x.abs() / 40,
            "{x} comes back as {back}"
        );
    }
}

#[test]
fn stretch_rises_and_is_antisymmetric() {
    for p in 0..65535_u16 {
        assert!(stretch(p) <= stretch(p + 1), "falls at {p}");
        assert_eq!(stretch(p), -stretch(65535 - p), "at {p}");
        assert_eq!(stretch(p), fold(p), "at {p}");
    }
}

#[test]
fn steps_are_the_documented_fractions() {
    for count in 0_u8..=30 {
        let ideal = 16384.0 / (f64::from(count) + 1.6);
        assert!((f64::from(step(count)) - ideal).abs() < 1.0, "{count}");
    }
    assert_eq!(step(255), 502);
}
