#!/usr/bin/env python3
"""An external signer for `sprag sign --external`: lets another program, such as the client of a cloud's key service, sign.

    export SIGNER_COMMAND='openssl pkeyutl -sign -rawin -inkey release.pem -in {message} -out {signature}'
    sprag sign fw.sprag --external ./external-signer.py --key release.pub

{message} is a file with the bytes to sign, {signature} one that the program writes: 64 bytes of Ed25519, bare or in Base64.
Others that sign so (the message itself, not a hash of it):

    aws kms sign --key-id alias/release --message-type RAW --signing-algorithm ED25519_SHA_512 \\
        --message fileb://{message} --output text --query Signature > {signature}
    gcloud kms asymmetric-sign --location global --keyring sprag --key release --version 1 \\
        --input-file {message} --signature-file {signature}

Sprag checks what comes back under the public key that it was given, so nothing here has to be trusted for that. What is
to be signed is told on standard error, for the log of whoever runs it. Python's standard library is all it needs.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile


def main():
    ask = json.load(sys.stdin)
    if ask.get("schema") != 1 or ask.get("algorithm") != "Ed25519":
        sys.exit("a request of another schema or algorithm")
    message = base64.b64decode(ask["message"], validate=True)
    # What begins the structure that an envelope signs (RFC 9052): nothing else is passed on.
    if not message.startswith(b"\x85\x69Signature"):
        sys.exit("the message is no Sig_structure")
    print(ask["summary"], file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        places = {name: os.path.join(folder, name) for name in ("message", "signature")}
        with open(places["message"], "wb") as file:
            file.write(message)
        command = os.environ["SIGNER_COMMAND"]
        for name, path in places.items():
            command = command.replace("{" + name + "}", path)
        subprocess.run(command, shell=True, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        with open(places["signature"], "rb") as file:
            signature = file.read()
    if len(signature) != 64:
        signature = base64.b64decode(signature.strip())
    json.dump({"signature": signature.hex()}, sys.stdout)


main()
