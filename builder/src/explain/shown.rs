//! Which command of this repository brings each code about.

#[cfg(test)]
mod tests;

use core::fmt;

/// How to see a code come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// By a test.
    Test {
        /// Its package.
        package: &'static str,
        /// Its test program, or `lib`.
        target: &'static str,
        /// Its name, or a part that it shares with nothing else.
        name: &'static str,
    },
    /// By none, and why.
    Not(&'static str),
}

impl fmt::Display for Shown {
    /// The command, or why there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test {
                package,
                target: "lib",
                name,
            } => write!(f, "cargo test -p {package} --lib {name}"),
            Self::Test {
                package,
                target,
                name,
            } => {
                let line = format!("cargo test -p {package} --test {target} {name}");
                f.write_str(line.trim_end())
            }
            Self::Not(why) => f.write_str(why),
        }
    }
}

/// How to see a code come up; `None` for a code that nobody has thought of here.
#[must_use]
pub fn shown(code: u16) -> Option<Shown> {
    let place = TABLE.partition_point(|(first, _, _)| *first <= code);
    let (_, last, shown) = TABLE.get(place.checked_sub(1)?)?;
    (code <= *last).then_some(*shown)
}

const fn format(name: &'static str) -> Shown {
    test("sprag-manifest", "format", name)
}

const fn keyset(name: &'static str) -> Shown {
    test("sprag-manifest", "lib", name)
}

const fn device(name: &'static str) -> Shown {
    test("sprag-verifier", "device", name)
}

const fn verifier(name: &'static str) -> Shown {
    test("sprag-verifier", "lib", name)
}

const fn unit(name: &'static str) -> Shown {
    test("sprag", "lib", name)
}

const fn command(target: &'static str, name: &'static str) -> Shown {
    test("sprag", target, name)
}

const fn test(package: &'static str, target: &'static str, name: &'static str) -> Shown {
    Shown::Test {
        package,
        target,
        name,
    }
}

/// First code, last code, how to see them: a row a line, to be read down.
#[rustfmt::skip]
pub(super) const TABLE: &[(u16, u16, Shown)] = &[
    (100, 101, format("envelope::refusals")),
    (102, 103, format("header::refusals")),
    (104, 109, format("every_rule_refuses")),
    (110, 110, format("envelope::refusals")),
    (111, 111, format("depth_bombs_stop_at_the_limit")),
    (112, 122, format("every_rule_refuses")),
    (123, 124, format("envelope::refusals")),
    (125, 134, format("every_rule_refuses")),
    (135, 138, keyset("keyset::tests::keys_are_different_whole_and_not_revoked")),
    (201, 201, command("cli", "")),
    (202, 202, command("bits", "every_flipped_bit_is_refused")),
    (203, 203, device("another_algorithm_is_refused")),
    (204, 204, device("signatures::")),
    (205, 205, device("keys_of_small_order_are_refused")),
    (206, 206, device("example_keys_are_refused")),
    (207, 207, device("trust::revocation")),
    (208, 208, device("release_signatures_by_threshold")),
    (209, 209, device("delegates_sign_what_they_are_given")),
    (210, 210, device("a_device_that_asks_for_both_takes_neither_alone")),
    (211, 214, device("each_fault_of_a_signature_has_its_code")),
    (301, 310, device("what_does_not_match_is_refused")),
    (311, 312, device("counters_have_bounds")),
    (313, 313, device("validity_is_judged_of_the_last_keyset_alone")),
    (314, 314, device("trust::")),
    (315, 315, device("trust::revocation")),
    (320, 323, device("what_does_not_match_is_refused")),
    (324, 324, device("the_manifest_may_ask_for_a_keyset")),
    (325, 325, device("devices_with_fixed_keys_refuse_chains")),
    (326, 326, device("each_forged_link_is_refused")),
    (327, 327, device("replay_and_fork")),
    (328, 328, device("validity_is_judged_of_the_last_keyset_alone")),
    (330, 330, verifier("preconditions::tests::battery")),
    (331, 331, verifier("preconditions::tests::free_storage_and_free_ram")),
    (332, 332, verifier("preconditions::tests::temperature")),
    (333, 333, verifier("preconditions::tests::free_storage_and_free_ram")),
    (334, 334, verifier("preconditions::tests::time_window")),
    (335, 335, unit("simulate::tests::a_dead_link_defers")),
    (401, 401, device("a_buffer_for_the_envelope_of_any_other_length")),
    (402, 402, device("the_payload_that_fits_the_memory_is_taken")),
    (403, 403, device("scratch_flash_that_this_device_does_not_have")),
    (404, 404, device("the_slot_holds_the_image_and_not_a_byte_more")),
    (405, 405, device("a_codec_that_is_not_linked")),
    (406, 406, device("write_units_that_are_not_supported")),
    (407, 407, device("a_reverse_payload_alone_is_no_way_forward")),
    (408, 408, device("groups_are_whole_sectors")),
    (409, 409, device("an_area_too_small_is_refused")),
    (501, 501, device("the_right_version_of_the_wrong_image")),
    (502, 502, device("the_right_image_under_the_wrong_version")),
    (503, 503, device("a_changed_old_image_is_refused")),
    (601, 602, command("bits", "every_flipped_bit_is_refused")),
    (603, 603, unit("packages_that_end_early_are_refused")),
    (604, 604, device("bytes_behind_the_end_are_refused")),
    (605, 605, device("every_value_has_its_code")),
    (606, 606, device("a_bad_sector_without_a_spare_one_is_named")),
    (607, 607, device("an_old_image_that_changes_on_the_way")),
    (608, 608, unit("simulate::tests::one_bad_block_is_repaired_alone_or_named")),
    (609, 609, unit("simulate::tests::a_package_that_moves_and_changes_is_named")),
    (610, 610, device("both_checkpoints_lost")),
    (701, 701, unit("bsdiff_zstd::tests::hostile_frames")),
    (702, 702, unit("exact_workspace_passes_and_one_byte_less_is_refused")),
    (703, 704, unit("bsdiff_zstd::tests::hostile_operations")),
    (705, 707, unit("bsdiff_zstd::tests::hostile_frames")),
    (708, 708, device("checkpoints::")),
    (720, 720, Shown::Not("the codecs of version 1 refuse with 704 to 706 before")),
    (801, 801, device("one_misread_anywhere_never_boots_a_wrong_image")),
    (802, 804, device("a_sector_that_fails_is_named")),
    (901, 901, device("no_update_begins_while_an_image_waits")),
    (902, 902, device("only_an_image_on_trial_can_be_confirmed")),
    (903, 903, device("a_lost_record_stops_everything")),
    (904, 904, device("the_application_only_stages")),
    (905, 905, device("a_reverted_package_is_not_tried_again")),
    (906, 906, device("a_stored_keyset_is_kept")),
    (921, 928, test("sprag-c", "c_program", "")),
    (1001, 1002, command("cli", "")),
    (1003, 1003, command("bad_inputs", "inputs_of_the_wrong_kind")),
    (1010, 1011, command("bad_inputs", "inputs_that_are_missing_empty_or_directories")),
    (1012, 1013, unit("input::tests::bad_inputs_have_their_own_codes")),
    (1014, 1014, command("bad_inputs", "inputs_that_are_missing_empty_or_directories")),
    (1015, 1015, command("bad_inputs", "inputs_that_are_huge")),
    (1016, 1016, unit("recheck_sees_every_kind_of_change")),
    (1017, 1017, command("bad_inputs", "images_that_make_no_sense_together")),
    (1018, 1018, Shown::Not("no test fills the temporary folder")),
    (1019, 1019, command("bad_inputs", "inputs_of_the_wrong_kind")),
    (1020, 1020, command("bad_inputs", "images_that_make_no_sense_together")),
    (1021, 1021, unit("images_that_make_no_sense_are_refused")),
    (1022, 1022, command("bad_inputs", "images_that_make_no_sense_together")),
    (1023, 1023, unit("what_an_image_is_must_be_what_was_declared")),
    (1024, 1024, unit("a_package_must_fit_the_profile")),
    (1025, 1025, Shown::Not("a fault of a codec, of which no input is known")),
    (1026, 1026, unit("rules_of_the_format_are_kept_on_the_way_out")),
    (1027, 1027, Shown::Not("a fault of the builder, of which no input is known")),
    (1030, 1030, command("simulate_gate", "")),
    (1040, 1040, unit("trust::tests::a_store_is_read_as_it_was_written")),
    (1041, 1041, unit("nothing_is_signed_upon_a_base_that_is_not_in_force")),
    (1042, 1042, unit("every_word_of_a_request_counts")),
    (1060, 1067, unit("container::tests::what_is_no_image_is_refused")),
    (1100, 1102, command("bad_inputs", "outputs_that_cannot_be")),
    (1103, 1103, unit("a_file_that_may_not_be_replaced_is_refused")),
    (1104, 1104, command("bad_inputs", "images_that_make_no_sense_together")),
    (1105, 1105, command("bad_inputs", "standard_output_that_is_full")),
    (1106, 1107, unit("what_the_system_says_is_told_apart")),
    (1130, 1130, unit("a_folder_that_lacks_something_is_named_with_it")),
    (1131, 1131, unit("slots::tests::a_folder_is_made_updated_booted_and_confirmed")),
    (1132, 1132, Shown::Not("no test breaks the files of a running gateway")),
    (1140, 1141, command("scripts", "lines_that_are_not_there_or_say_nothing")),
    (1142, 1144, unit("a_device_that_forgets_is_not_sent_to_for_ever")),
    (1145, 1145, unit("an_image_that_is_given_up_is_told")),
    (1160, 1161, unit("audit::tests::a_log_is_read_as_it_was_written")),
    (1162, 1166, unit("audit::tests::attacks_by_name")),
    (1167, 1167, unit("a_cut_while_writing_is_told_and_mended")),
    (1168, 1170, unit("the_end_is_held_against_a_head")),
    (1171, 1171, unit("a_package_is_approved_by_manifest_or_by_image")),
    (1172, 1172, unit("a_package_names_the_entry_that_approved_it")),
    (1173, 1173, command("audit", "a_withdrawal_withdraws_or_is_refused")),
    (1180, 1183, command("token", "a_token_signs_packages_and_key_sets")),
    (1184, 1184, Shown::Not("a token that fails while it signs")),
    (1185, 1188, unit("holder::tests::answers_that_are_no_signature")),
    (1200, 1202, command("bad_inputs", "inputs_that_are_missing_empty_or_directories")),
    (1203, 1204, unit("a_secret_and_a_public_key_are_not_taken_for_each_other")),
    (1205, 1205, unit("a_pair_whose_halves_disagree_is_refused")),
    (1206, 1206, unit("weak_keys_are_refused")),
    (1207, 1207, unit("nothing_is_overwritten_and_nothing_is_left_behind")),
    (1208, 1208, unit("a_wrong_password_is_told_from_a_right_one")),
    (1209, 1209, unit("a_key_file_cannot_ask_for_hours")),
    (1210, 1211, Shown::Not("a machine without memory or randomness")),
    (1212, 1212, command("scripts", "passwords_come_from_a_file_or_the_environment")),
    (1213, 1213, Shown::Not("takes a person who types two passwords")),
    (1214, 1217, command("scripts", "passwords_come_from_a_file_or_the_environment")),
    (1218, 1218, unit("nothing_is_overwritten_and_nothing_is_left_behind")),
    (1219, 1219, command("key_exchange", "what_is_no_key_says_why")),
    (1220, 1221, unit("other_data_and_other_keys_are_refused")),
    (1222, 1222, unit("other_data_and_other_keys_are_refused")),
    (1223, 1223, unit("comments_cannot_forge_a_line")),
    (1224, 1224, Shown::Not("a disk that fails while a signature is checked")),
    (1225, 1225, command("key_exchange", "sources_for_firmware_compile_and_hold_the_key")),
    (1226, 1227, command("scripts", "keys_that_anybody_has_or_could_read_are_refused")),
    (1228, 1228, unit("a_state_that_cannot_be_relied_on_is_refused")),
    (1229, 1229, unit("a_key_signs_as_often_as_it_has_leaves")),
];
