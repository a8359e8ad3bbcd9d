use super::{Code, Isa, Kind, Side};
use crate::region::Class;
use crate::segments::Segments;

const ISAS: [Isa; 8] = [
    Isa::None,
    Isa::Thumb,
    Isa::A32,
    Isa::A64,
    Isa::Rv32,
    Isa::Rv64,
    Isa::Xtensa,
    Isa::X86_64,
];

fn side() -> Side {
    Side {
        segments: Segments::at(0x0800_0000),
        len: 0x10_0000,
        ram_base: 0x2000_0000,
        ram_len: 0x1_0000,
    }
}

/// A field rewritten for its own target at its own place is itself, and a field rewritten for
/// another target points there.
#[test]
fn rewriting_and_recognising_agree() {
    let mut state = 88_172_645_463_325_252_u64;
    for isa in ISAS {
        let (side, class) = (side(), Class::Code(isa));
        let mut seen = std::collections::BTreeMap::new();
        for round in 0_u32..400_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let mut bytes = state.to_le_bytes();
            if round % 16 == 0 {
                bytes[2..].copy_from_slice(&[round.to_le_bytes()[1], 8, 0, 0, 0, 0]);
            } else if round % 16 == 1 {
                bytes[2..].copy_from_slice(&[0, 0x20, 0, 0, 0, 0]);
            }
            let offset = 0x8_0000_u32.wrapping_add(round.wrapping_mul(2) & 0xffff);
            let Some(field) = side.recognise(class, offset, bytes) else {
                continue;
            };
            *seen.entry(field.kind.number()).or_insert(0_u32) = round;
            let same = side.rewrite(class, field.kind, bytes, offset, field.target);
            assert_eq!(same, Some(bytes), "{isa:?} {field:?}");
            for target in [
                field.target.wrapping_add(4),
                field.target.wrapping_sub(0x40),
                field.target.wrapping_add(0x2000),
                offset.wrapping_add(0x100),
            ] {
                let limit = if field.kind == Kind::Ram {
                    side.ram_len
                } else {
                    side.len
                };
                if target >= limit {
                    continue;
                }
                let Some(moved) = side.rewrite(class, field.kind, bytes, offset, target) else {
                    continue;
                };
                let again = side.recognise(class, offset, moved).expect("still a field");
                if again.kind != field.kind && again.kind.is_far() {
                    continue; // An instruction that happens to be an address as well.
                }
                assert_eq!(
                    (again.kind, again.len, again.target),
                    (field.kind, field.len, target)
                );
                let len = usize::from(field.len);
                assert_eq!(
                    moved[len..],
                    bytes[len..],
                    "{isa:?} writes beyond its field"
                );
            }
        }
        assert!(
            isa == Isa::None || seen.len() >= 3,
            "{isa:?}: only {seen:?}"
        );
    }
}

/// Instructions by hand, from the manuals.
#[test]
fn known_instructions() {
    let cases: [(Isa, &[u8], u32, u32); 21] = [
        (Isa::Thumb, &[0x00, 0xf0, 0x01, 0xf8], 0x1000, 0x1006), // bl pc+2
        (Isa::Thumb, &[0xff, 0xf7, 0xfe, 0xff], 0x1000, 0x1000), // bl .
        (Isa::Thumb, &[0x00, 0xf0, 0x02, 0xe8], 0x1000, 0x1008), // blx pc+4
        (Isa::Thumb, &[0x00, 0xf0, 0x02, 0xe8], 0x1002, 0x1008), // blx pc+4, aligned
        (Isa::Thumb, &[0xfe, 0xe7], 0x1000, 0x1000),             // b .
        (Isa::Thumb, &[0x01, 0x48], 0x1002, 0x1008),             // ldr r0, [pc, #4]
        (Isa::Thumb, &[0x08, 0xb1], 0x1000, 0x1006),             // cbz r0, pc+2
        (Isa::A32, &[0xfe, 0xff, 0xff, 0xea], 0x1000, 0x1000),   // b .
        (Isa::A32, &[0x04, 0x00, 0x1f, 0xe5], 0x1000, 0x1004),   // ldr r0, [pc, #-4]
        (Isa::A64, &[0x00, 0x00, 0x00, 0x94], 0x1000, 0x1000),   // bl .
        (Isa::A64, &[0x40, 0x00, 0x00, 0xb4], 0x1000, 0x1008),   // cbz x0, .+8
        (Isa::Rv32, &[0xef, 0x00, 0x80, 0x00], 0x1000, 0x1008),  // jal ra, .+8
        (Isa::Rv32, &[0x01, 0x20], 0x1000, 0x1000),              // c.jal .
        (Isa::Rv32, &[0x01, 0xa0], 0x1000, 0x1000),              // c.j .
        (Isa::Xtensa, &[0x05, 0x00, 0x00], 0x1001, 0x1004),      // call0 next word
        (Isa::X86_64, &[0xe8, 0x01, 0x00, 0x00, 0x00], 0x1001, 0x1007), // call .+6
        (Isa::X86_64, &[0xe9, 0xfb, 0xff, 0xff, 0xff], 0x1000, 0x1000), // jmp .
        (
            Isa::X86_64,
            &[0x0f, 0x84, 0x10, 0x00, 0x00, 0x00],
            0x1000,
            0x1016,
        ), // je .+0x16
        (
            Isa::X86_64,
            &[0x48, 0x8d, 0x05, 0x10, 0x00, 0x00, 0x00],
            0x1000,
            0x1017,
        ), // lea rax, [rip+16]
        (
            Isa::X86_64,
            &[0x8b, 0x0d, 0x10, 0x00, 0x00, 0x00],
            0x1000,
            0x1016,
        ), // mov ecx, [rip+16]
        (
            Isa::X86_64,
            &[0xff, 0x25, 0x10, 0x00, 0x00, 0x00],
            0x1000,
            0x1016,
        ), // jmp [rip+16]
    ];
    for (isa, code, offset, target) in cases {
        let mut bytes = [0; 8];
        bytes[..code.len()].copy_from_slice(code);
        let field = side().recognise(Class::Code(isa), offset, bytes);
        assert_eq!(
            field.map(|field| field.target),
            Some(target),
            "{isa:?} {code:02x?}"
        );
    }
}

/// What 32 bits take for C.JAL, 64 bits take for C.ADDIW.
#[test]
fn rv64_has_no_short_call() {
    let code = [0x01, 0x20, 0, 0, 0, 0, 0, 0];
    let found = |isa| side().recognise(Class::Code(isa), 0x1000, code);
    assert_eq!(found(Isa::Rv32).map(|field| field.kind), Some(Kind::Call));
    assert_eq!(found(Isa::Rv64), None);
}

#[test]
fn numbers_of_instruction_sets_are_stable() {
    for (number, isa) in (0..).zip(ISAS) {
        assert_eq!((isa.code(), Isa::from_code(number)), (number, Some(isa)));
    }
    assert_eq!(Isa::from_code(8), None);
}

/// ADRP and the instructions that add the place within the page need not be neighbours.
#[test]
fn halves_of_an_address_find_each_other() {
    let mut image = [0_u8; 0x100];
    let program: [u32; 6] = [
        0x9000_0020, // adrp x0, page 4 further on
        0xd503_201f, // nop
        0x9101_0001, // add x1, x0, #0x40
        0xf940_2002, // ldr x2, [x0, #0x40]
        0xaa03_03e0, // mov x0, x3
        0xf940_2002, // ldr x2, [x0, #0x40]: another x0
    ];
    for (place, code) in (0x40..).step_by(4).zip(program) {
        image[place..place + 4].copy_from_slice(&code.to_le_bytes());
    }
    let (side, class) = (side(), Class::Code(Isa::A64));
    let found = |place: usize| {
        let bytes = super::Bytes::try_from(&image[place..place + 8]).unwrap();
        let offset = u32::try_from(place).unwrap();
        let field = side.recognise_in(class, offset, bytes, Code::new(&image, place))?;
        let form = (field.kind, field.len);
        let near = field.target.wrapping_add(0x123);
        if field.kind == Kind::Place {
            let told = side.target(class, form, offset, bytes, near);
            assert_eq!(told, Some(field.target), "the nearest with this place");
        }
        let same = side.rewrite(class, field.kind, bytes, offset, field.target);
        assert_eq!(same, Some(bytes));
        let moved = side.rewrite(class, field.kind, bytes, offset, field.target + 0x1008);
        let told = side.target(class, form, offset, moved.unwrap(), field.target + 0x1000);
        assert!(told.is_some_and(
            |told| told & 0xfff == (field.target + 0x1008) & 0xfff || field.kind == Kind::Page
        ));
        Some((field.kind, field.target))
    };
    assert_eq!(found(0x40), Some((Kind::Page, 0x4040)));
    assert_eq!(found(0x48), Some((Kind::Place, 0x4040)));
    assert_eq!(found(0x4c), Some((Kind::Place, 0x4040)));
    assert_eq!(found(0x54), None);
}
