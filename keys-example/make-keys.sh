#!/bin/sh
# Makes the example keys of this folder, the same ones each time: their seeds are SHA-256 of their names, so everybody
# has them. For keys of your own: `sprag key generate`.
#
#   make-keys.sh FOLDER        SPRAG names the command; default: sprag
set -eu
folder=$1
sprag=${SPRAG:-sprag}

for name in root-1 root-2 root-3 root-4 release-1 release-2 release-3 release-4; do
    printf 'sprag example key %s' "$name" | sha256sum | cut -c 1-64 > "$folder/seed"
    "$sprag" key import "$folder/seed" --raw secret --no-password --out "$folder/example-$name.key"
    rm "$folder/seed"
done
