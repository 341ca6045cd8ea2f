"""What every suite needs: the program, a scratch folder, .npy, .png and .wav files, small ONNX models written by hand."""
import ast
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest
import zlib

BINARY = os.environ["THANE_BINARY"]
SOURCE = pathlib.Path(os.environ["THANE_SOURCE"])
DIGITS = SOURCE / "examples" / "digits"

# ---- NumPy files: name of the dtype → (descr, struct code)
CODES = {"float32": ("<f4", "f"), "float64": ("<f8", "d"), "int64": ("<i8", "q"), "int32": ("<i4", "i"), "int8": ("|i1", "b"),
         "uint8": ("|u1", "B"), "uint16": ("<u2", "H"), "bool": ("|b1", "?"), "float16": ("<f2", "e"), "int16": ("<i2", "h"),
         "uint64": ("<u8", "Q")}


def count(shape):
    total = 1
    for size in shape:
        total *= size
    return total


def npy_bytes(dtype, shape, values):
    values = list(values)
    assert len(values) == count(shape)
    if dtype == "bytes":
        width = max(map(len, values))
        descr, data = f"|S{width}", b"".join(value.ljust(width, b"\0") for value in values)
    else:
        descr, code = CODES[dtype]
        data = struct.pack(f"<{len(values)}{code}", *values)
    header = repr({"descr": descr, "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def read_npy(path):
    """dtype name, shape, flat values."""
    data = pathlib.Path(path).read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    length = struct.unpack_from("<H", data, 8)[0]
    assert (10 + length) % 64 == 0
    header = ast.literal_eval(data[10:10 + length].decode())
    assert not header["fortran_order"]
    shape, body = header["shape"], data[10 + length:]
    if header["descr"].startswith("|S"):
        width = int(header["descr"][2:])
        assert len(body) == width * count(shape)
        return "bytes", shape, [body[i * width:(i + 1) * width].rstrip(b"\0") for i in range(count(shape))]
    name, (_, code) = next(item for item in CODES.items() if item[1][0] == header["descr"])
    return name, shape, list(struct.unpack(f"<{count(shape)}{code}", body))


# ---- pictures and sound
def png_bytes(width, height, channels, pixels):
    rows = b"".join(b"\0" + bytes(pixels[y * width * channels:(y + 1) * width * channels]) for y in range(height))

    def chunk(tag, body):
        return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))

    head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def wav_bytes(rate, samples):
    data = struct.pack(f"<{len(samples)}h", *samples)
    head = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


# ---- ONNX, field numbers of onnx.proto
FLOAT, UINT8, INT8, INT64, STRING, BOOL, FLOAT16, DOUBLE, BFLOAT16 = 1, 2, 3, 7, 8, 9, 10, 11, 16


def varint(value):
    out = b""
    value &= (1 << 64) - 1
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor_type(dtype, shape):
    tensor = field(1, dtype)
    if shape is not None:
        dims = b"".join(field(1, field(1, d) if isinstance(d, int) else field(2, d) if d else b"") for d in shape)
        tensor += field(2, dims)
    return field(1, tensor)


def sequence_type(element):
    return field(4, field(1, element))


def value_info(name, of_type):
    return field(1, name) + field(2, of_type)


def attribute(name, value):
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    if isinstance(value, float):
        return field(1, name) + field(2, value) + field(20, 1)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    if all(isinstance(item, int) for item in value):
        return field(1, name) + b"".join(field(8, item) for item in value) + field(20, 7)
    return field(1, name) + b"".join(field(9, item) for item in value) + field(20, 8)


def node(op, inputs, outputs, domain="", name="", **attributes):
    out = b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs) + field(3, name) + field(4, op)
    out += b"".join(field(5, attribute(key, value)) for key, value in attributes.items())
    return out + (field(7, domain) if domain else b"")


def initializer(name, dtype, shape, values):
    code = {FLOAT: "f", INT64: "q", DOUBLE: "d"}[dtype]
    raw = struct.pack(f"<{len(values)}{code}", *values)
    return b"".join(field(1, d) for d in shape) + field(2, dtype) + field(8, name) + field(9, raw)


def model(nodes, inputs, outputs, initializers=(), opset=18, domains=(), metadata=None):
    graph = b"".join(field(1, n) for n in nodes) + field(2, "test") + b"".join(field(5, i) for i in initializers)
    graph += b"".join(field(11, i) for i in inputs) + b"".join(field(12, o) for o in outputs)
    out = field(1, 8) + field(2, "hand") + field(7, graph) + field(8, field(1, "") + field(2, opset))
    out += b"".join(field(8, field(1, d) + field(2, 3)) for d in domains)
    return out + b"".join(field(14, field(1, k) + field(2, v)) for k, v in (metadata or {}).items())


def identity(dtype, shape):
    """x goes to y unchanged."""
    return model([node("Identity", ["x"], ["y"])], [value_info("x", tensor_type(dtype, shape))],
                 [value_info("y", tensor_type(dtype, shape))])


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="thane_cli_")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    def thane(self, *arguments, code=0, env=None):
        """Runs the program, checks its exit code, returns (stdout, stderr)."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("THANE_")}
        done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, timeout=120, env={**environment, **(env or {})})
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{arguments}\n{out}\n{err}")
        return out, err

    def json(self, *arguments, code=0):
        return json.loads(self.thane(*arguments, "--json", code=code)[0])

    def fails(self, *arguments, code, says):
        """Fails with that exit code; the message holds each of `says`; nothing on stdout."""
        out, err = self.thane(*arguments, code=code)
        self.assertEqual(out, "")
        for text in says:
            self.assertIn(text, err)

    def echo(self, dtype, shape, *arguments):
        """What the identity model of that input type gives back: dtype, shape, values."""
        path = self.write("identity.onnx", identity(dtype, shape))
        self.thane("run", path, *arguments, "-o", self.folder / "out")
        return read_npy(self.folder / "out" / "y.npy")
