"""The local end of SQS, SNS and S3: one server on loopback that AWS clients can be pointed at.

A request is told apart as AWS's own ends do: by target header (SQS), by form (SNS), by path (S3).
Signatures are not checked, but must be there: a web page cannot send them unasked.
"""

from __future__ import annotations

from email.utils import formatdate
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from local.buckets import Buckets, StoredObject
from local.loopback import LoopbackHandler, LoopbackServer
from local.queue_protocol import TARGET, QueueProtocol
from local.queues import Queues
from local.topics import Topics

BODY_LIMIT_BYTES = 256 * 1024 * 1024
"""Enough for the largest file a shop exports; S3's own limit for one request is 5 GB."""
KEPT_HEADERS = ("content-type", "content-encoding", "x-amz-meta-")


class Cloud:
    """The server. `url` is what the `AWS_ENDPOINT_URL_*` variables are set to."""

    def __init__(self, queues: Queues, buckets: Buckets, topics: Topics, *, port: int = 0) -> None:
        protocol = QueueProtocol(queues, lambda: self.url)

        class Handler(_Handler):
            _queues, _buckets, _topics = protocol, buckets, topics

        self._server = LoopbackServer(port, Handler)

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._server.url

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()


class _Handler(LoopbackHandler):
    _queues: QueueProtocol
    _buckets: Buckets
    _topics: Topics

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if self.is_local and "Authorization" in self.headers:
            return True
        self.close_connection = True
        self.reply(403, b'{"message":"Only signed requests of this machine"}')
        return False

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        body = self.read_body(BODY_LIMIT_BYTES)
        if body is None:
            return
        target = self.headers.get("X-Amz-Target", "")
        if target.startswith(TARGET):
            status, text, headers = self._queues.answer(target.removeprefix(TARGET), body)
            self.reply(status, text, headers, content_type="application/x-amz-json-1.0")
            return
        self.reply(*self._topics.answer(body), content_type="text/xml")

    def do_PUT(self) -> None:  # noqa: N802 - named by http.server
        body = self.read_body(BODY_LIMIT_BYTES)
        if body is None:
            return
        bucket, key = self._bucket_and_key()
        if bucket not in self._buckets:
            self._no("NoSuchBucket", bucket)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "aws-chunked" in headers.get("content-encoding", ""):
            body = _unchunked(body)
            headers.pop("content-encoding")
        kept = {n: v for n, v in headers.items() if n.startswith(KEPT_HEADERS)}
        stored = self._buckets.put(bucket, key, body, kept)
        self.reply(200, b"", {"etag": f'"{stored.etag}"'})

    def do_HEAD(self) -> None:  # noqa: N802 - named by http.server
        if (found := self._found()) is not None:
            self.reply(200, b"", _headers(found))

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        asked = parse_qs(urlsplit(self.path).query)
        if asked.get("list-type") == ["2"]:
            self._list(asked.get("prefix", [""])[0])
            return
        if (found := self._found()) is not None:
            self.reply(200, self._buckets.content(found.bucket, found.key), _headers(found))

    def _list(self, prefix: str) -> None:
        """ListObjectsV2, always in one piece."""
        bucket, _ = self._bucket_and_key()
        if bucket not in self._buckets:
            self._no("NoSuchBucket", bucket)
            return
        keys = self._buckets.keys(bucket, prefix)
        entries = "".join(
            f"<Contents><Key>{quote(key)}</Key>"
            f"<ETag>{escape(self._buckets.head(bucket, key).etag)}</ETag></Contents>"
            for key in keys
        )
        text = (
            f"<ListBucketResult><Name>{escape(bucket)}</Name><EncodingType>url</EncodingType>"
            f"<KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>{entries}"
            "</ListBucketResult>"
        )
        self.reply(200, text.encode(), content_type="application/xml")

    def _found(self) -> StoredObject | None:
        bucket, key = self._bucket_and_key()
        if bucket not in self._buckets:
            self._no("NoSuchBucket", bucket)
            return None
        try:
            return self._buckets.head(bucket, key)
        except KeyError:
            self._no("NoSuchKey", key)
            return None

    def _bucket_and_key(self) -> tuple[str, str]:
        bucket, _, key = urlsplit(self.path).path.lstrip("/").partition("/")
        return bucket, unquote(key)

    def _no(self, code: str, what: str) -> None:
        text = f"<Error><Code>{code}</Code><Message>{escape(what)} is not there.</Message></Error>"
        self.reply(404, text.encode(), content_type="application/xml")


def _headers(found: StoredObject) -> dict[str, str]:
    return {
        "content-type": "binary/octet-stream",
        **found.headers,
        "content-length": str(found.size),
        "etag": f'"{found.etag}"',
        "last-modified": formatdate(found.stored_at, usegmt=True),
    }


def _unchunked(body: bytes) -> bytes:
    """The content inside S3's own framing: per chunk a line with its hex length, then its bytes."""
    content = bytearray()
    place = 0
    while True:
        end = body.index(b"\r\n", place)
        length = int(body[place:end].split(b";")[0], 16)
        if length == 0:
            return bytes(content)
        content += body[end + 2 : end + 2 + length]
        place = end + 2 + length + 2
