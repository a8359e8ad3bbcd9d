use super::{Btf, HEADER_LEN, START, TYPES_MIN};

/// A name of a type, and the number of the type it stands for.
fn section(types: &[(&str, u32)]) -> Vec<u8> {
    let mut names = vec![0];
    let mut records = Vec::new();
    for (name, to) in types {
        let place = u32::try_from(names.len()).unwrap();
        names.extend_from_slice(name.as_bytes());
        names.push(0);
        for word in [place, 8 << 24, *to] {
            records.extend_from_slice(&word.to_le_bytes());
        }
    }
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let mut image = START.to_vec();
    for word in [[0; 4], len(&records), len(&records), len(&names)] {
        image.extend_from_slice(&word);
    }
    image.extend_from_slice(&records);
    image.extend_from_slice(&names);
    image
}

fn marked(image: &[u8]) -> Vec<u8> {
    let mut marked = image.to_vec();
    let sections: Vec<Btf<'_>> = Btf::find(image).collect();
    assert_eq!(sections.len(), 1);
    assert_eq!(sections[0].types().start, HEADER_LEN);
    sections[0].mark(&mut marked);
    marked
}

#[test]
fn numbers_that_mean_the_same_look_alike() {
    let names: Vec<String> = (0..1500).map(|number| format!("t{number}")).collect();
    let mut types: Vec<(&str, u32)> = Vec::new();
    for (name, number) in names.iter().zip(0..) {
        types.push((name, number));
    }
    let old = marked(&section(&types));
    // Another type in front: each number grows, but that of void.
    for (_, to) in types.iter_mut().skip(1) {
        *to += 1;
    }
    types.insert(0, ("first", 0));
    let new = marked(&section(&types));
    let records = HEADER_LEN..HEADER_LEN + 1500 * 12;
    assert_eq!(old[records.clone()], new[records.start + 12..][..1500 * 12]);
    assert_ne!(old[HEADER_LEN + 12..][..12], old[HEADER_LEN + 24..][..12]);
}

#[test]
fn damaged_sections_are_left_alone() {
    let whole = section(&vec![("name", 0); TYPES_MIN / 12 + 1]);
    assert_eq!(Btf::find(&whole).count(), 1);
    assert_eq!(Btf::find(&whole[..whole.len() - 1]).count(), 0);
    assert_eq!(Btf::find(&section(&[("name", 0)])).count(), 0);
    for len in 0..40 {
        assert_eq!(Btf::find(&whole[..len]).count(), 0);
    }
}
