# SPDX-License-Identifier: Apache-2.0
import ast
import datetime
import math
import pathlib
import struct
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src/sdk/python"))
from farfork.msgpack import MAX_DEPTH, Ext, MessagePackError, Timestamp, pack, unpack  # noqa: E402


class MessagePackTest(unittest.TestCase):
    def test_shortest_forms(self):
        """The first bytes that the specification gives for each family at its borders."""
        for value, head in [
            (None, b"\xc0"), (False, b"\xc2"), (True, b"\xc3"), (0, b"\x00"), (127, b"\x7f"), (128, b"\xcc\x80"),
            (255, b"\xcc\xff"), (256, b"\xcd\x01\x00"), (65535, b"\xcd\xff\xff"), (65536, b"\xce\x00\x01\x00\x00"),
            (2**32 - 1, b"\xce\xff\xff\xff\xff"), (2**32, b"\xcf\0\0\0\x01\0\0\0\0"), (2**64 - 1, b"\xcf" + b"\xff" * 8),
            (-1, b"\xff"), (-32, b"\xe0"), (-33, b"\xd0\xdf"), (-128, b"\xd0\x80"), (-129, b"\xd1\xff\x7f"),
            (-32768, b"\xd1\x80\x00"), (-32769, b"\xd2\xff\xff\x7f\xff"), (-(2**31), b"\xd2\x80\0\0\0"),
            (-(2**31) - 1, b"\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"), (-(2**63), b"\xd3\x80" + bytes(7)),
            (1.5, b"\xcb\x3f\xf8" + bytes(6)), ("", b"\xa0"), ("é", b"\xa2\xc3\xa9"), ("a" * 31, b"\xbfa"),
            ("a" * 32, b"\xd9\x20a"), ("a" * 255, b"\xd9\xffa"), ("a" * 256, b"\xda\x01\x00a"), ("a" * 65536, b"\xdb\0\x01\0\0a"),
            (b"", b"\xc4\x00"), (b"x" * 255, b"\xc4\xffx"), (b"x" * 256, b"\xc5\x01\x00x"), (b"x" * 65536, b"\xc6\0\x01\0\0x"),
            ([], b"\x90"), ([1] * 15, b"\x9f\x01"), ([1] * 16, b"\xdc\x00\x10\x01"), ([1] * 65536, b"\xdd\0\x01\0\0\x01"),
            ({}, b"\x80"), ({"a": 1}, b"\x81\xa1a\x01"), ({i: i for i in range(16)}, b"\xde\x00\x10\x00"),
            ({i: i for i in range(65536)}, b"\xdf\0\x01\0\0\0"),
            (Ext(5, b"a"), b"\xd4\x05a"), (Ext(-3, b"ab"), b"\xd5\xfdab"), (Ext(5, b"a" * 4), b"\xd6\x05a"),
            (Ext(5, b"a" * 8), b"\xd7\x05a"), (Ext(5, b"a" * 16), b"\xd8\x05a"), (Ext(5, b"abc"), b"\xc7\x03\x05abc"),
            (Ext(5, b""), b"\xc7\x00\x05"), (Ext(5, b"a" * 256), b"\xc8\x01\x00\x05a"), (Ext(5, b"a" * 65536), b"\xc9\0\x01\0\0\x05a"),
            (Timestamp(1), b"\xd6\xff\0\0\0\x01"), (Timestamp(1, 1), b"\xd7\xff\0\0\0\x04\0\0\0\x01"),
            (Timestamp(-1, 999_999_999), b"\xc7\x0c\xff\x3b\x9a\xc9\xff" + b"\xff" * 8), (Timestamp(2**34), b"\xc7\x0c\xff"),
        ]:  # fmt: skip
            with self.subTest(head=head):
                data = pack(value)
                self.assertEqual(data[: len(head)], head)
                self.assertEqual(unpack(data), value)
                self.assertEqual(type(unpack(data)), type(value))

    def test_foreign_forms(self):
        """Forms that this packer never writes."""
        self.assertEqual(unpack(b"\xca\x3f\xc0\0\0"), 1.5)
        self.assertEqual(unpack(b"\xcf" + bytes(7) + b"\x05"), 5)
        self.assertEqual(unpack(b"\xd3" + b"\xff" * 8), -1)
        self.assertEqual(unpack(b"\xdb\0\0\0\x01a"), "a")
        self.assertEqual(unpack(b"\xdf\0\0\0\x01\x01\x02"), {1: 2})
        self.assertTrue(math.isnan(unpack(b"\xcb\x7f\xf8" + bytes(6))))

    def test_inputs(self):
        self.assertEqual(unpack(pack((1, [2, (3,)]))), [1, [2, [3]]])
        self.assertEqual(unpack(pack(memoryview(b"ab"))), b"ab")
        self.assertEqual(unpack(bytearray(b"\x01")), 1)
        moment = datetime.datetime(2024, 2, 29, 12, 0, 0, 5, tzinfo=datetime.timezone.utc)
        self.assertEqual(unpack(pack(moment)).to_datetime(), moment)
        before = datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc)
        self.assertEqual(unpack(pack(before)).to_datetime(), before)

    def test_bad_values(self):
        deep = []
        for _ in range(MAX_DEPTH + 1):
            deep = [deep]
        for value in [2**64, -(2**63) - 1, {1, 2}, object(), "\ud800", deep, datetime.datetime(2024, 1, 1), Ext(128, b""),
                      Timestamp(0, 10**9), {"a": {"b": 1j}}]:  # fmt: skip
            with self.assertRaises(MessagePackError):
                pack(value)

    def test_bad_bytes(self):
        for data in [b"", b"\xc1", b"\xd9", b"\xa2a", b"\x92\x01", b"\x81\x01", b"\xcd\x01", b"\x01\x02", b"\xa1\xff",
                     b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xffa", b"\x81\x90\x01", b"\x81\x80\x01", b"\x91" * 300 + b"\x01",
                     b"\xc7\x02\xff\0\0", b"\xd7\xff" + struct.pack(">Q", (10**9 << 34))]:  # fmt: skip
            with self.subTest(data=data), self.assertRaises(MessagePackError):
                unpack(data)

    def test_every_cut_is_an_error(self):
        data = pack({"a": [1, 2.5, None, True, "text" * 20, b"bytes" * 60, {"b": -70000}], "t": Timestamp(5, 6)})
        for length in range(len(data)):
            with self.assertRaises(MessagePackError):
                unpack(data[:length])


class SourceTest(unittest.TestCase):
    def test_python_3_9(self):
        for path in (ROOT / "src/sdk/python").rglob("*.py"):
            ast.parse(path.read_text(), feature_version=(3, 9))

    def test_only_the_standard_library(self):
        for path in (ROOT / "src/sdk/python").rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module]
                for name in names:
                    self.assertIn(name.split(".")[0], set(sys.stdlib_module_names) | {"farfork"}, path)


if __name__ == "__main__":
    unittest.main()
