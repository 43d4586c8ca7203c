"""``python -m bench.identity``: what an identity adds to a cold start, and how long its first token takes.

Fresh processes import ``function_app`` with a connection string and with an identity, and then fetch one token from an
endpoint on loopback, which answers at once: what is left is the client. CPU seconds of the child, the middle of the
runs; the first import of all, which fills the file cache, is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time

from aiohttp import web

from playground.loopback import serving
from tests.conftest import EXAMPLE, ROOT

IMPORT = """
import time
began = time.process_time()
import function_app
print(time.process_time() - began)
"""
FIRST_TOKEN = (
    IMPORT
    + """
import asyncio
async def fetch():
    began = time.process_time(), time.perf_counter()
    await function_app.relay.credential.get_token_info("https://storage.azure.com/.default")
    print(time.process_time() - began[0], time.perf_counter() - began[1])
asyncio.run(fetch())
"""
)
BY_IDENTITY = {"AzureWebJobsStorage": "", "AzureWebJobsStorage__accountName": "acct"}


async def child(code: str, environ: dict[str, str]) -> list[list[float]]:
    """The figures that a fresh process prints, a list for each line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        cwd=ROOT,
        env={**os.environ, **EXAMPLE, "PYTHONPATH": str(ROOT), **environ},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the child failed")
    return [[float(figure) for figure in line.split()] for line in printed.decode().splitlines()]


async def token(request: web.Request) -> web.Response:
    """The identity endpoint."""
    answer = {"access_token": "t", "expires_on": str(int(time.time()) + 86_400), "token_type": "Bearer"}
    return web.json_response(answer | {"resource": request.query["resource"]})


async def main() -> None:
    """Run the children and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    app = web.Application()
    app.router.add_get("/identity", token)
    async with serving(app) as url:
        managed = {**BY_IDENTITY, "IDENTITY_ENDPOINT": f"{url}/identity", "IDENTITY_HEADER": "h"}
        await child(IMPORT, {})
        plain, identity, tokens = [], [], []
        for _ in range(runs):
            plain.append((await child(IMPORT, {}))[0][0])
            imported, fetched = await child(FIRST_TOKEN, managed)
            identity.append(imported[0])
            tokens.append(fetched)
    middle = statistics.median
    print(f"import function_app, connection string: {middle(plain) * 1000:.0f} ms of CPU")
    print(f"import function_app, identity:          {middle(identity) * 1000:.0f} ms of CPU")
    print(
        f"first token:                            {middle(t[0] for t in tokens) * 1000:.0f} ms of CPU,"
        f" {middle(t[1] for t in tokens) * 1000:.0f} ms altogether"
    )


if __name__ == "__main__":
    asyncio.run(main())
