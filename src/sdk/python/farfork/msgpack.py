# SPDX-License-Identifier: Apache-2.0
"""MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) in pure Python.

`pack` and `unpack` map nil, bool, int (-2**63 .. 2**64-1), float (64 bits), str (UTF-8), bytes, list and dict to
themselves; tuples are packed as arrays. A timestamp becomes `Timestamp`, any other extension `Ext`.
"""

from __future__ import annotations

import datetime
import struct
from typing import Any, List, NamedTuple, Tuple

MAX_DEPTH = 256
_TIMESTAMP_TYPE = -1
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class MessagePackError(ValueError):
    """The value cannot be packed, or the bytes are not one complete MessagePack value."""


class Ext(NamedTuple):
    """An application extension: `type` is -128 .. 127."""

    type: int
    data: bytes


class Timestamp(NamedTuple):
    """Seconds since the Unix epoch (may be negative) and 0 .. 999,999,999 nanoseconds on top."""

    seconds: int
    nanoseconds: int = 0

    def to_datetime(self) -> datetime.datetime:
        """In UTC; precision below a microsecond is cut off."""
        return _EPOCH + datetime.timedelta(seconds=self.seconds, microseconds=self.nanoseconds // 1000)


def pack(value: Any) -> bytes:
    """The bytes of one value. Raises MessagePackError."""
    out = bytearray()
    try:
        _pack(value, out, 0)
    except UnicodeEncodeError as error:
        raise MessagePackError(f"a string is not valid Unicode: {error}") from None
    return bytes(out)


def unpack(data: Any) -> Any:
    """The value of `data` (bytes-like), which must hold exactly one. Raises MessagePackError."""
    buffer = bytes(data)
    try:
        value, end = _unpack(buffer, 0, 0)
    except (IndexError, struct.error):
        raise MessagePackError("the data ends inside a value") from None
    except UnicodeDecodeError as error:
        raise MessagePackError(f"a string is not valid UTF-8: {error}") from None
    if end != len(buffer):
        raise MessagePackError(f"{len(buffer) - end} bytes follow the value")
    return value


# ---------------- packing ----------------


def _pack(value: Any, out: bytearray, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise MessagePackError(f"values are nested more than {MAX_DEPTH} deep")
    if value is None:
        out.append(0xC0)
    elif isinstance(value, bool):
        out.append(0xC3 if value else 0xC2)
    elif isinstance(value, int):
        _pack_int(value, out)
    elif isinstance(value, float):
        out += struct.pack(">Bd", 0xCB, value)
    elif isinstance(value, str):
        data = value.encode("utf-8")
        _pack_length(len(data), out, (0xA0, 31), (0xD9, 0xDA, 0xDB))
        out += data
    elif isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        _pack_length(len(data), out, None, (0xC4, 0xC5, 0xC6))
        out += data
    elif isinstance(value, Ext):
        _pack_ext(value.type, value.data, out)
    elif isinstance(value, Timestamp):
        _pack_ext(_TIMESTAMP_TYPE, _timestamp_bytes(value), out)
    elif isinstance(value, datetime.datetime):
        _pack_ext(_TIMESTAMP_TYPE, _timestamp_bytes(_from_datetime(value)), out)
    elif isinstance(value, (list, tuple)):
        _pack_length(len(value), out, (0x90, 15), (None, 0xDC, 0xDD))
        for item in value:
            _pack(item, out, depth + 1)
    elif isinstance(value, dict):
        _pack_length(len(value), out, (0x80, 15), (None, 0xDE, 0xDF))
        for key, item in value.items():
            _pack(key, out, depth + 1)
            _pack(item, out, depth + 1)
    else:
        raise MessagePackError(f"a value of type {type(value).__name__} has no MessagePack form")


def _pack_int(value: int, out: bytearray) -> None:
    if -32 <= value < 128:
        out.append(value & 0xFF)
        return
    forms = ((0xCC, "B", 8), (0xCD, "H", 16), (0xCE, "I", 32), (0xCF, "Q", 64))
    if value < 0:
        forms = ((0xD0, "b", 7), (0xD1, "h", 15), (0xD2, "i", 31), (0xD3, "q", 63))
    magnitude = value if value >= 0 else ~value
    for tag, form, bits in forms:
        if magnitude >> bits == 0:
            out += struct.pack(">B" + form, tag, value)
            return
    raise MessagePackError(f"the integer {value} does not fit in 64 bits")


def _pack_length(length: int, out: bytearray, fix: Any, tags: Tuple[Any, int, int]) -> None:
    """`fix`: (tag, largest length) of the one-byte form, or None. `tags`: of the 8, 16 and 32 bit forms."""
    if fix is not None and length <= fix[1]:
        out.append(fix[0] | length)
    elif tags[0] is not None and length < 1 << 8:
        out += struct.pack(">BB", tags[0], length)
    elif length < 1 << 16:
        out += struct.pack(">BH", tags[1], length)
    elif length < 1 << 32:
        out += struct.pack(">BI", tags[2], length)
    else:
        raise MessagePackError(f"a length of {length} does not fit in 32 bits")


def _pack_ext(kind: int, data: bytes, out: bytearray) -> None:
    if not -128 <= kind <= 127:
        raise MessagePackError(f"the extension type {kind} is not in -128 .. 127")
    fixed = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}.get(len(data))
    if fixed is not None:
        out.append(fixed)
    else:
        _pack_length(len(data), out, None, (0xC7, 0xC8, 0xC9))
    out += struct.pack(">b", kind)
    out += data


def _timestamp_bytes(value: Timestamp) -> bytes:
    seconds, nanoseconds = value
    if not 0 <= nanoseconds < 1_000_000_000:
        raise MessagePackError(f"{nanoseconds} nanoseconds are not in 0 .. 999999999")
    if 0 <= seconds < 1 << 34:
        if nanoseconds == 0 and seconds < 1 << 32:
            return struct.pack(">I", seconds)
        return struct.pack(">Q", nanoseconds << 34 | seconds)
    if not -(1 << 63) <= seconds < 1 << 63:
        raise MessagePackError(f"the timestamp {seconds} s does not fit in 64 bits")
    return struct.pack(">Iq", nanoseconds, seconds)


def _from_datetime(value: datetime.datetime) -> Timestamp:
    if value.tzinfo is None:
        raise MessagePackError("a datetime without a time zone names no instant")
    since = value - _EPOCH
    return Timestamp(since.days * 86400 + since.seconds, since.microseconds * 1000)


# ---------------- unpacking ----------------

# tag -> struct form of a number
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d",
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
# tag -> (kind, struct form of the length)
_LENGTHS = {
    0xC4: ("bin", ">B"), 0xC5: ("bin", ">H"), 0xC6: ("bin", ">I"),
    0xC7: ("ext", ">B"), 0xC8: ("ext", ">H"), 0xC9: ("ext", ">I"),
    0xD9: ("str", ">B"), 0xDA: ("str", ">H"), 0xDB: ("str", ">I"),
    0xDC: ("array", ">H"), 0xDD: ("array", ">I"),
    0xDE: ("map", ">H"), 0xDF: ("map", ">I"),
}  # fmt: skip
_FIXED_EXT = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


def _unpack(data: bytes, at: int, depth: int) -> Tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise MessagePackError(f"values are nested more than {MAX_DEPTH} deep")
    tag = data[at]
    at += 1
    if tag < 0x80:
        return tag, at
    if tag >= 0xE0:
        return tag - 0x100, at
    if tag < 0x90:
        return _unpack_map(data, at, tag & 0x0F, depth)
    if tag < 0xA0:
        return _unpack_array(data, at, tag & 0x0F, depth)
    if tag < 0xC0:
        raw, at = _take(data, at, tag & 0x1F)
        return raw.decode("utf-8"), at
    if tag in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[tag], at
    if tag in _NUMBERS:
        form = _NUMBERS[tag]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if tag in _FIXED_EXT:
        return _unpack_ext(data, at, _FIXED_EXT[tag])
    if tag not in _LENGTHS:
        raise MessagePackError(f"the byte 0x{tag:02x} starts no value")
    kind, form = _LENGTHS[tag]
    length = struct.unpack_from(form, data, at)[0]
    at += struct.calcsize(form)
    if kind == "array":
        return _unpack_array(data, at, length, depth)
    if kind == "map":
        return _unpack_map(data, at, length, depth)
    if kind == "ext":
        return _unpack_ext(data, at, length)
    raw, at = _take(data, at, length)
    return (raw.decode("utf-8") if kind == "str" else raw), at


def _take(data: bytes, at: int, length: int) -> Tuple[bytes, int]:
    if length > len(data) - at:
        raise MessagePackError("the data ends inside a value")
    return data[at : at + length], at + length


def _unpack_array(data: bytes, at: int, length: int, depth: int) -> Tuple[List[Any], int]:
    items = []
    for _ in range(length):
        item, at = _unpack(data, at, depth + 1)
        items.append(item)
    return items, at


def _unpack_map(data: bytes, at: int, length: int, depth: int) -> Tuple[dict, int]:
    items = {}
    for _ in range(length):
        key, at = _unpack(data, at, depth + 1)
        if isinstance(key, (list, dict)):
            raise MessagePackError("an array or a map as the key of a map is not supported")
        items[key], at = _unpack(data, at, depth + 1)
    return items, at


def _unpack_ext(data: bytes, at: int, length: int) -> Tuple[Any, int]:
    kind = struct.unpack_from(">b", data, at)[0]
    raw, at = _take(data, at + 1, length)
    if kind != _TIMESTAMP_TYPE:
        return Ext(kind, raw), at
    if length == 4:
        return Timestamp(struct.unpack(">I", raw)[0]), at
    if length == 8:
        both = struct.unpack(">Q", raw)[0]
        return _checked(Timestamp(both & ((1 << 34) - 1), both >> 34)), at
    if length == 12:
        nanoseconds, seconds = struct.unpack(">Iq", raw)
        return _checked(Timestamp(seconds, nanoseconds)), at
    raise MessagePackError(f"a timestamp of {length} bytes")


def _checked(value: Timestamp) -> Timestamp:
    if value.nanoseconds >= 1_000_000_000:
        raise MessagePackError(f"a timestamp with {value.nanoseconds} nanoseconds")
    return value
