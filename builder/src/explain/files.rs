//! Inputs and outputs of commands.

use super::Explanation;

/// 1010 to 1019: what is wrong with an input.
pub(super) const INPUTS: &[Explanation] = &[
    Explanation {
        code: 1010,
        name: "INPUT_MISSING",
        meaning: "There is no file at the path.",
        cause: "The path is misspelled, or the step that makes the file did not run.",
        remedy: "Check the path; `-` reads standard input.",
    },
    Explanation {
        code: 1011,
        name: "INPUT_IS_A_DIRECTORY",
        meaning: "The path names a directory where a file belongs.",
        cause: "The name of the file was left off.",
        remedy: "Name a file in it.",
    },
    Explanation {
        code: 1012,
        name: "INPUT_IS_NOT_A_FILE",
        meaning: "The path names a terminal, a disk or another device.",
        cause: "A device node was given in place of an image.",
        remedy: "Copy the device to a file first, and name that.",
    },
    Explanation {
        code: 1013,
        name: "INPUT_UNREADABLE",
        meaning: "The system refused to open or to read the file.",
        cause: "The user may not read it, or the disk or the network share failed.",
        remedy: "Read the system's reason in the message; give read permission, or check the disk.",
    },
    Explanation {
        code: 1014,
        name: "INPUT_EMPTY",
        meaning: "The file has no bytes.",
        cause: "The step that was to write it failed, or a pipe ended early.",
        remedy: "Check that step and run the command again.",
    },
    Explanation {
        code: 1015,
        name: "INPUT_TOO_LARGE",
        meaning: "The input is longer than can be handled: 4 GiB less one byte for images and \
                  packages, 1 MiB for text.",
        cause: "The wrong file was named, such as the image of a whole disk.",
        remedy: "Name the right file; a disk's image is updated partition by partition.",
    },
    Explanation {
        code: 1016,
        name: "INPUT_CHANGED",
        meaning: "An input is no longer what was read at first, so nothing was written.",
        cause: "A build or a download was still writing the file.",
        remedy: "Wait until it has finished, and run the command again.",
    },
    Explanation {
        code: 1017,
        name: "INPUT_STDIN_TWICE",
        meaning: "More than one input was given as `-`.",
        cause: "Standard input can be read only once.",
        remedy: "Give `-` once, and files for the rest.",
    },
    Explanation {
        code: 1018,
        name: "INPUT_NO_ROOM_FOR_COPY",
        meaning: "No temporary copy of a long input could be made.",
        cause: "The temporary folder is full, or may not be written.",
        remedy: "Set TMPDIR to a folder with room for the whole file.",
    },
    Explanation {
        code: 1019,
        name: "INPUT_NOT_TEXT",
        meaning: "A file that must be text is not UTF-8.",
        cause: "The wrong file was named, or it was saved in another encoding.",
        remedy: "Name the right file, or save it as UTF-8.",
    },
];

/// 1100 to 1199: what is wrong with an output. Nothing of it is left behind.
pub(super) const OUTPUTS: &[Explanation] = &[
    Explanation {
        code: 1100,
        name: "OUTPUT_FOLDER_MISSING",
        meaning: "The folder for the output does not exist.",
        cause: "The path is misspelled, or the folder has not been made.",
        remedy: "Make the folder first, or correct the path.",
    },
    Explanation {
        code: 1101,
        name: "OUTPUT_FOLDER_IS_A_FILE",
        meaning: "What should be the output's folder is a file.",
        cause: "A file was named where a folder belongs.",
        remedy: "Name a file in an existing folder.",
    },
    Explanation {
        code: 1102,
        name: "OUTPUT_IS_A_DIRECTORY",
        meaning: "The path of the output is a directory.",
        cause: "The name of the file was left off.",
        remedy: "Name a file in it.",
    },
    Explanation {
        code: 1103,
        name: "OUTPUT_EXISTS",
        meaning: "The output exists, and files of its kind are never overwritten.",
        cause: "A key of that name was made before.",
        remedy: "Choose another name, or move the old file away.",
    },
    Explanation {
        code: 1104,
        name: "OUTPUT_IS_AN_INPUT",
        meaning: "The output would replace one of the inputs.",
        cause: "The same path was given twice.",
        remedy: "Choose another name for the output.",
    },
    Explanation {
        code: 1105,
        name: "OUTPUT_DISK_FULL",
        meaning: "There is no room for the output.",
        cause: "The disk is full, or a quota or a limit on file sizes is reached.",
        remedy: "Make room and run the command again.",
    },
    Explanation {
        code: 1106,
        name: "OUTPUT_NOT_WRITABLE",
        meaning: "The output may not be written there.",
        cause: "The folder belongs to another user, or its file system is read-only.",
        remedy: "Choose a folder that you may write to.",
    },
    Explanation {
        code: 1107,
        name: "OUTPUT_FAILED",
        meaning: "The system failed to write the output.",
        cause: "The disk, the network share or the reader of the pipe failed.",
        remedy: "Read the system's reason in the message and run the command again.",
    },
];

/// 1130 to 1132: what is wrong with a folder of slots.
pub(super) const SLOTS: &[Explanation] = &[
    Explanation {
        code: 1130,
        name: "SLOTS_INCOMPLETE",
        meaning: "A folder of slots lacks a file or partition, or one of them is too small.",
        cause: "The wrong folder was named, or a link leads to a partition that is not there.",
        remedy: "Name the right folder. `sprag slots init` makes one of files; with partitions, make \
                 the links slot-a, slot-b and record, and zero the record on a new device alone.",
    },
    Explanation {
        code: 1131,
        name: "SLOTS_BUSY",
        meaning: "Another process has the folder of slots open to write.",
        cause: "An update runs already.",
        remedy: "Wait until it has ended, then run the command again.",
    },
    Explanation {
        code: 1132,
        name: "SLOTS_FAILED",
        meaning: "The system refused to open, read, write or sync a file or partition of the slots.",
        cause: "The user may not write it, the disk is full (files of slots take room as they are \
                filled), or the disk failed.",
        remedy: "Read the system's reason in the message, mend it, and run the command again: it \
                 goes on where it was. The confirmed image was not touched.",
    },
];

/// 1140 to 1145: what is wrong with a line to a device, or at its other end.
pub(super) const LINKS: &[Explanation] = &[
    Explanation {
        code: 1140,
        name: "LINK_FAILED",
        meaning: "The serial port or socket to the device could not be opened, or broke off, for longer \
                  than the patience.",
        cause: "The path or address is wrong, the cable is out, the user may not open the port, or \
                another program has it.",
        remedy: "Read the system's reason in the message, mend it, and send again: the device goes on \
                 where it was.",
    },
    Explanation {
        code: 1141,
        name: "LINK_SILENT",
        meaning: "The line is open, and nobody answers on it.",
        cause: "The device is off, runs at another speed, or runs firmware that serves no updates.",
        remedy: "Check power, --baud and the firmware; then send again: the device goes on where it \
                 was.",
    },
    Explanation {
        code: 1142,
        name: "LINK_ANSWER",
        meaning: "The device answers in SMP, but what it answers cannot be used.",
        cause: "Its firmware serves another version of the messages than this command.",
        remedy: "Use the sprag that the firmware was made with, or update it another way first.",
    },
    Explanation {
        code: 1143,
        name: "LINK_UNSERVED",
        meaning: "The device answers in SMP, but does not know the request.",
        cause: "It runs mcumgr without Sprag: its firmware takes whole images, not packages.",
        remedy: "Link sprag-link into the firmware, as docs/SERIAL.md describes.",
    },
    Explanation {
        code: 1144,
        name: "NOT_CONFIRMED",
        meaning: "The new image was not seen to be confirmed while the command waited.",
        cause: "It does not find itself well or needs longer than --patience for its health checks, the device \
                does not start it, or its bootloader loses it.",
        remedy: "Look at the device. Left alone, an image on trial is confirmed or goes back to the old one.",
    },
    Explanation {
        code: 1145,
        name: "REVERTED",
        meaning: "The new image was started, was not confirmed in its tries, and was given up: the old \
                  one runs again.",
        cause: "The new firmware crashes, hangs or fails its health checks on this board.",
        remedy: "Find out why before it goes to other devices. The same package is refused from now on \
                 (905); build another one.",
    },
];
