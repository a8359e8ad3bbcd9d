"""Uploads a package with smpclient, an implementation of SMP that is not ours, to the device twin behind a Unix socket.

Usage: smp_client.py SOCKET PACKAGE. Prints what the device answered, a line each.
"""

import asyncio
import sys

from smp import packet
from smpclient import SMPClient
from smpclient.exceptions import SMPUploadError
from smpclient.requests.image_management import ImageStatesRead
from smpclient.requests.os_management import EchoWrite, ResetWrite


class UnixTransport:
    """The console transport over a Unix socket."""

    def __init__(self):
        self._size = 128

    async def connect(self, address, timeout_s):
        self._reader, self._writer = await asyncio.open_unix_connection(address)

    async def disconnect(self):
        self._writer.close()

    def initialize(self, smp_server_transport_buffer_size):
        self._size = smp_server_transport_buffer_size

    async def send(self, data):
        for line in packet.encode(data):
            self._writer.write(line)
        await self._writer.drain()

    async def receive(self):
        decoder = packet.decode()
        next(decoder)
        while True:
            line = await self._reader.readline()
            try:
                decoder.send(line)
            except StopIteration as whole:
                return whole.value

    async def send_and_receive(self, data):
        await self.send(data)
        return await self.receive()

    @property
    def mtu(self):
        return self._size

    @property
    def max_unencoded_size(self):
        return self._size


async def main(socket, path):
    with open(path, "rb") as file:
        package = file.read()
    async with SMPClient(UnixTransport(), socket) as client:
        print("echo", (await client.request(EchoWrite(d="over"))).r)
        image = (await client.request(ImageStatesRead())).images[0]
        print("runs", image.version, image.confirmed, image.active)
        try:
            async for offset in client.upload(package):
                pass
        except SMPUploadError as refused:
            response = refused.args[0]
            print("refused", int(response.rc), response.rsn)
            return
        print("uploaded", offset == len(package))
        images = (await client.request(ImageStatesRead())).images
        print("waits", images[1].slot, images[1].pending)
        await client.request(ResetWrite())
        image = (await client.request(ImageStatesRead(), timeout_s=10)).images[0]
        print("runs", image.version, image.confirmed, image.active)


asyncio.run(main(sys.argv[1], sys.argv[2]))
