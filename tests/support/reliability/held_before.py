"""Seconds that each fault held a run before lost writes were sent again, measured by the same runs at commit 85f39c8.

One file and an import took the same time.
"""

from __future__ import annotations

from typing import Final

BEFORE: Final[dict[str, str]] = {
    "no response in time; the write runs 4 s later": "42 s",
    "no response in time; the write runs 40 s later": "65 s, then stops",
    "no response in time; the write never runs": "65 s, then stops",
    "no response in time; the write has run": "35 s",
    "the connection drops, before the write": "30 s, then stops",
    "the connection drops, after the write": "0 s",
    "429 with `Retry-After`": "10 s",
    "429 without `Retry-After`": "5 s",
    "500, before the write": "30 s, then stops",
    "500, after the write": "0 s",
    "502 with a page of HTML, before the write": "30 s, then stops",
    "502 with a page of HTML, after the write": "0 s",
    "200 with truncated JSON, after the write": "0 s",
    "200 with `success: false`, before the write": "30 s, then stops",
    "200 with `success: false`, after the write": "0 s",
    "403 without Cloudflare's envelope, before the write": "0 s, then stops",
    "403 without Cloudflare's envelope, after the write": "0 s",
    "404 without Cloudflare's envelope, before the write": "0 s, then stops",
    "404 without Cloudflare's envelope, after the write": "0 s",
    "408 without Cloudflare's envelope, before the write": "0 s, then stops",
    "408 without Cloudflare's envelope, after the write": "0 s",
    "499 without Cloudflare's envelope, before the write": "0 s, then stops",
    "499 without Cloudflare's envelope, after the write": "0 s",
    "200 with one byte every half second, before the write": "no limit",
    "200 with one byte every half second, after the write": "no limit",
    "200 with 128 MB in less than one, before the write": "30 s, then stops",
    "200 with 128 MB in less than one, after the write": "0 s",
    "200 with 100,000 lists inside one another, before the write": "ends in a traceback",
    "200 with 100,000 lists inside one another, after the write": "ends in a traceback",
    "the import is reported as active until the end; it never ran": "30 min 30 s, then stops",
    "the import is reported as active until the end; it has ended": "30 min 0 s",
    "the import is reported as failed; it never ran": "0 s, then stops",
    "the import is reported as failed; it has ended": "0 s",
}
