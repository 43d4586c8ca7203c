"""A request to the webhook: as a command that repeats it, and what is odd about it."""

from __future__ import annotations

import re
import shlex

from playground.im.copies import Post
from playground.im.signing import CLOCK_TOLERANCE_SECONDS
from playground.page.words import say


def as_curl(post: Post) -> str:
    """The exact request, for a shell: the signature is over these very bytes. The key in the URL is masked."""
    lines = [f"curl -i {shlex.quote(mask_key(post.url))}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in post.headers.items()]
    lines.append(f"--data-binary {shlex.quote(post.request)}")
    return " \\\n  ".join(lines)


def mask_key(url: str) -> str:
    """The URL with the value of ``code=``, a function key, masked."""
    return re.sub(r"([?&]code=)[^&]*", r"\1***", url)


def oddity(post: Post) -> str:
    """What is wrong with the signature on purpose; empty when nothing is."""
    check, clock = post.headers.get("CheckSum"), int(post.headers["CurTime"])
    if check is None:
        return say("without a CheckSum")
    if set(check) == {"0"}:
        return say("with a wrong CheckSum")
    behind = (post.at - clock) / 1000
    if behind <= CLOCK_TOLERANCE_SECONDS:
        return ""
    return say("signed {minutes} minutes ago", minutes=f"{behind / 60:.0f}")
