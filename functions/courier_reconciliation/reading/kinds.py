"""What a file is, by its content, and what is refused before anything of it is opened."""

from __future__ import annotations

from pathlib import Path

from aftersales.errors import BadInput

TEXT, WORKBOOK, HTML = "text", "workbook", "html"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CHUNK = 256 * 1024
_OTHER_KINDS = (
    (b"%PDF", "a PDF; ask the courier for the Excel or CSV file"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture; ask the courier for the Excel or CSV file"),
    (b"\xff\xd8\xff", "a picture; ask the courier for the Excel or CSV file"),
    (b"{\\rtf", "a text document; ask the courier for the Excel or CSV file"),
)


def kind_of(path: Path) -> str:
    """`text`, `workbook` or `html`.

    Raises `BadInput` for a file that is empty, encrypted or of another kind.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not head.strip():
        raise BadInput("the file is empty")
    for magic, what in _OTHER_KINDS:
        if head.startswith(magic):
            raise BadInput(f"this is {what}")
    if head.startswith(b"PK"):
        return WORKBOOK
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if _contains(path, _ENCRYPTED):
            raise BadInput("the workbook is protected by a password; save it without one")
        return WORKBOOK
    return _text_kind(head)


def _text_kind(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = head.decode("utf-16", errors="ignore").strip().lower().encode()[:1024]
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        raise BadInput(
            "this is an XML spreadsheet of 2003; open it in a spreadsheet program and save it as"
            " .xlsx"
        )
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<body")) or (
        start.startswith((b"<?xml", b"<!--", b"<div", b"<style")) and b"<table" in head.lower()
    ):
        return HTML
    if start.startswith((b"<?xml", b"<!doctype")) and b"<html" in start:
        return HTML
    if start.startswith((b"{", b"[{", b"<?xml")):
        raise BadInput("this is no table (JSON or XML); ask for the Excel or CSV file")
    zeros = head.count(0)
    if zeros and not head.startswith((b"\xff\xfe", b"\xfe\xff")) and not _is_wide(head):
        raise BadInput("this is neither a text file nor a workbook; ask for the Excel or CSV file")
    return TEXT


def _is_wide(head: bytes) -> bool:
    """UTF-16 without its mark: every other byte of plain text is zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    letters = sum(byte >= 0x20 for byte in head)
    return max(even, odd) > len(head) // 20 and min(even, odd) == 0 and letters > len(head) // 4


def _contains(path: Path, wanted: bytes) -> bool:
    before = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if wanted in before + chunk:
                return True
            before = chunk[-len(wanted) :]
    return False
