#!/bin/sh
# A whole key ceremony with the example keys: 2 of 3 root keys, 2 of 3 release keys, a release from an air-gapped machine,
# a release key that is lost, a root key that is replaced, and a device that was offline meanwhile. docs/KEYS.md explains
# each step. Nothing outside of FOLDER is written.
#
#   ceremony.sh FOLDER OLD.bin NEW.bin
#
#   SPRAG              the command; default: sprag
#   SPRAG_PKCS11       a PKCS #11 module: then a release key in a token joins in. With it
#   SPRAG_TOKEN, SPRAG_KEY_LABEL, SPRAG_PIN    the token's label, the key's, and the PIN
set -eu
keys=$(cd "$(dirname "$0")" && pwd)
folder=$1 old=$2 new=$3
sprag=${SPRAG:-sprag}
case $sprag in
    /*) ;;
    */*) sprag=$PWD/$sprag ;;
esac
step() { printf '\n== %s\n' "$*"; }
run() {
    printf '$ sprag %s\n' "$*"
    "$sprag" "$@"
}
# What must be refused, and with which number.
refused() {
    code=$1
    shift
    printf '$ sprag %s\n' "$*"
    if "$sprag" "$@" 2> refusal; then
        echo "this should have been refused with $code" >&2
        exit 1
    fi
    cat refusal
    grep -q "\[E\{0,1\}$code\]" refusal
    rm refusal
}
cp "$old" "$folder/old.bin"
cp "$new" "$folder/new.bin"
cp "$keys"/example-*.key "$keys"/example-*.pub "$folder"
cd "$folder"
chmod 600 ./*.key

step 'Everybody compares the fingerprints of all public keys, read out over the telephone'
run key show example-root-1.pub
run key generate --no-password --out log.key

step 'The first key set: 2 of 3 root keys, 2 of 3 release keys'
run trust init --out fleet.trust --name example-fleet \
    --root example-root-1.pub --root example-root-2.pub --root example-root-3.pub --root-threshold 2 \
    --release example-release-1.pub --release example-release-2.pub --release example-release-3.pub \
    --release-threshold 2
run trust sign fleet.trust --key example-root-1.key
refused 1041 trust verify fleet.trust
run trust sign fleet.trust --key example-root-2.key
run trust verify fleet.trust
run trust export fleet.trust --out factory.keyset
cp fleet.trust device.trust # what a device of today has stored

step 'A release: approved, built on the build machine, signed by a second key without a network'
run audit init release.log --key log.key
run audit approve release.log --key log.key --new new.bin --new-version 1.1.0 --vendor example --product sensor-node
run build --old 1.0.0=old.bin --new new.bin --new-version 1.1.0 --vendor example --product sensor-node \
    --hardware r1 --isa thumb --effort fast --codec stored --out fw.sprag --key example-release-1.key \
    --approval 1 --audit release.log --audit-key log.key
refused 208 verify fw.sprag --trust fleet.trust --allow-example-keys
run sign fw.sprag --request request.txt --key example-release-2.pub
run sign --respond request.txt --key example-release-2.key --answer answer.txt --yes
run sign fw.sprag --attach answer.txt --key example-release-2.pub --audit release.log --audit-key log.key
run verify fw.sprag --trust fleet.trust --allow-example-keys
refused 206 verify fw.sprag --trust fleet.trust
run audit head release.log --trust log.pub --key log.key --out release.head
run audit verify release.log --trust log.pub --head release.head --package fw.sprag

step 'Release key 3 is lost: it is revoked for ever, and another one takes its place'
run trust revoke fleet.trust example-release-3.pub --audit release.log --audit-key log.key
run trust add fleet.trust --release example-release-4.pub
run trust sign fleet.trust --key example-root-1.key
run trust sign fleet.trust --key example-root-3.key
run trust verify fleet.trust

step 'Root key 1 is replaced: a quorum of the old root keys signs, and one of the new ones'
run trust rotate fleet.trust --old example-root-1.pub --new example-root-4.pub
run trust sign fleet.trust --key example-root-2.key
run trust sign fleet.trust --key example-root-4.key
refused 1041 trust verify fleet.trust # two of the new root keys, and only one of the old ones
run trust sign fleet.trust --key example-root-3.key
run trust verify fleet.trust

step 'The next release carries the key sets for devices that were offline'
run build --old 1.0.0=old.bin --new new.bin --new-version 1.2.0 --vendor example --product sensor-node \
    --hardware r1 --isa thumb --effort fast --codec stored --out next.sprag --key example-release-1.key \
    --keyset-chain fleet.trust --audit release.log --audit-key log.key
cp next.sprag stolen.sprag
run sign stolen.sprag --key example-release-3.key
refused 208 verify stolen.sprag --trust device.trust --allow-example-keys
run sign next.sprag --key example-release-4.key --audit release.log --audit-key log.key
run verify next.sprag --trust device.trust --allow-example-keys
run apply next.sprag --old old.bin --out made.bin --trust device.trust --allow-example-keys
cmp made.bin new.bin

if [ -n "${SPRAG_PKCS11:-}" ]; then
    step 'A release key in a token takes the place of release key 2; it was made there and never leaves'
    set -- --pkcs11 "$SPRAG_PKCS11" --token "$SPRAG_TOKEN" --key-label "$SPRAG_KEY_LABEL"
    run key import "$@" --out token.pub
    cp fleet.trust token.trust
    run trust rotate token.trust --old example-release-2.pub --new token.pub
    run trust sign token.trust --key example-root-2.key
    run trust sign token.trust --key example-root-4.key
    run build --old 1.0.0=old.bin --new new.bin --new-version 1.3.0 --vendor example --product sensor-node \
        --hardware r1 --isa thumb --effort fast --codec stored --out token.sprag --key example-release-1.key \
        --keyset-chain token.trust
    run sign token.sprag "$@" --key token.pub --audit release.log --audit-key log.key
    run verify token.sprag --trust device.trust --allow-example-keys
fi

step 'Who did what'
run audit verify release.log --trust log.pub --head release.head --package fw.sprag
run audit show release.log
echo
echo 'The ceremony is complete.'
