"""make_corpus.py FOLDER: writes files that attack whoever opens them, and corpus.json, which says what may happen.

    error   must be refused
    inert   must open, and nothing of it may run
    any     either

Attacks that run code try to make the file FOLDER/canary. Pure Python, standard library; nothing is copied from anywhere.
"""

import io
import json
import os
import pickle
import random
import struct
import sys
import zipfile
import zlib
from pathlib import Path

MAGIC = 0x1950A86A20F9469CFC6C


class Corpus:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: list[dict] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, data: bytes, expect: str) -> None:
        (self.folder / name).write_bytes(data)
        self.entries.append({"file": name, "expect": expect})

    def both(self, name: str, payload: bytes, expect: str) -> None:
        """The payload as data.pkl of a zip, and as a bare pickle."""
        self.add(name + ".pt", archive({"data.pkl": payload}), expect)
        self.add(name + ".pkl", payload, expect)


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members.items():
            file.writestr("archive/" + name, data)
        file.writestr("archive/version", b"3\n")
    return out.getvalue()


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def call(module: str, name: str, *args: bytes) -> bytes:
    return f"c{module}\n{name}\n".encode() + b"(" + b"".join(args) + b"tR"


def storage(key: str, count: int, kind: str = "FloatStorage") -> bytes:
    return b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + b"J" + struct.pack("<i", count) + b"tQ"


def ints(*values: int) -> bytes:
    out = b"("
    for value in values:
        out += b"\x8a\x08" + struct.pack("<q", value)
    return out + b"t"


def tensor(key: str, count: int, offset: int, shape: tuple, strides: tuple) -> bytes:
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage(key, count)
        + b"\x8a\x08" + struct.pack("<q", offset)
        + ints(*shape) + ints(*strides) + b"\x89" + call("collections", "OrderedDict") + b"tR"
    )


def state(payload: bytes) -> bytes:
    return b"\x80\x02}" + text("weight") + payload + b"s."


def code_execution(corpus: Corpus, canary: str) -> None:
    touch = f"touch {canary}"
    python = f"open({canary!r}, 'w').close()"
    attacks = {
        "os_system": call("os", "system", text(touch)),
        "posix_system": call("posix", "system", text(touch)),
        "nt_system": call("nt", "system", text(touch)),
        "subprocess_popen": call("subprocess", "Popen", b"]" + text("touch") + b"a" + text(canary) + b"a"),
        "subprocess_check_output": call("subprocess", "check_output", b"]" + text("touch") + b"a" + text(canary) + b"a"),
        "builtins_eval": call("builtins", "eval", text(python)),
        "builtins_exec": call("builtins", "exec", text(python)),
        "builtins_open": call("builtins", "open", text(canary), text("w")),
        "python2_eval": call("__builtin__", "eval", text(python)),
        "import_module": call("importlib", "import_module", text("antigravity")),
        "dunder_import": call("builtins", "__import__", text("antigravity")),
        "getattr_system": call("builtins", "getattr", call("builtins", "__import__", text("os")), text("system")) + b"(" + text(touch) + b"tR",
        "operator_attrgetter": call("operator", "attrgetter", text("system")) + b"(cos\n\ntR",
        "map_lambda": call("builtins", "list", call("builtins", "map", b"cos\nsystem\n", b"]" + text(touch) + b"a")),
        "apply_method": call("_codecs", "lookup", text(touch)),
        "runpy": call("runpy", "_run_code", text(python), b"}"),
        "timeit": call("timeit", "timeit", text(python)),
        "pdb": call("pdb", "run", text(python)),
        "pip_main": call("pip", "main", b"]" + text("install") + b"a"),
        "webbrowser": call("webbrowser", "open", text("http://127.0.0.1:9/")),
        "socket": call("socket", "create_connection", ints(127, 9)),
        "urlopen": call("urllib.request", "urlopen", text("http://127.0.0.1:9/")),
        "ctypes": call("ctypes", "CDLL", text("libc.so.6")),
        "torch_load_library": call("torch._ops", "load_library", text(canary)),
        "torch_hub": call("torch.hub", "load", text("x/y"), text("z")),
        "torch_load_from_bytes": call("torch.storage", "_load_from_bytes", b"C\x04abcd"),
        "numpy_load": call("numpy", "load", text(canary)),
        "numpy_runstring": call("numpy.testing._private.utils", "runstring", text(python), b"}"),
        "shutil_rmtree": call("shutil", "rmtree", text(canary + ".d")),
        "marshal": call("marshal", "loads", b"C\x01N"),
        "types_function": call("types", "FunctionType", call("types", "CodeType", b"K\x00")),
        "bound_reduce": call("functools", "partial", b"cos\nsystem\n", text(touch)) + b")R",
    }
    for name, attack in attacks.items():
        corpus.both("code_" + name, b"\x80\x02" + attack + b".", "inert")
        corpus.both("code_" + name + "_in_dict", state(attack), "inert")
    # The same call in every way that pickles have to make one.
    corpus.both("code_inst", b"(" + text(touch) + b"ios\nsystem\n.", "inert")
    corpus.both("code_obj", b"(cos\nsystem\n" + text(touch) + b"o.", "inert")
    corpus.both("code_newobj", b"\x80\x02cos\nsystem\n" + text(touch) + b"\x85\x81.", "inert")
    corpus.both("code_newobj_ex", b"\x80\x04cos\nsystem\n" + text(touch) + b"\x85}\x92.", "inert")
    corpus.both("code_stack_global", b"\x80\x04\x8c\x02os\x8c\x06system\x93" + text(touch) + b"\x85R.", "inert")
    corpus.both("code_protocol0", f"cos\nsystem\n(S'{touch}'\ntR.".encode(), "inert")
    corpus.both("code_build", b"\x80\x02" + call("builtins", "object") + b"}" + text("__setstate__") + b"cos\nsystem\nsb.", "inert")
    corpus.both("code_in_key", b"\x80\x02}" + call("os", "system", text(touch)) + b"K\x01s.", "inert")
    corpus.both("code_popped", b"\x80\x02" + call("os", "system", text(touch)) + b"0N.", "inert")
    corpus.both("code_nested", b"\x80\x02" + b"cos\nsystem\n(" * 100 + text(touch) + b"tR" * 100 + b".", "inert")
    corpus.both("code_global_with_dots", b"\x80\x04\x8c\x08builtins\x8c\x0eeval.__call__\x93" + text(python) + b"\x85R.", "inert")
    corpus.both("code_rebuild_from_type", b"\x80\x02" + call("torch._tensor", "_rebuild_from_type_v2", b"cos\nsystem\n", b"ctorch\nTensor\n", text(touch) + b"\x85", b"}") + b".", "inert")
    corpus.both("code_reconstructor", b"\x80\x02" + call("copy_reg", "_reconstructor", b"cos\nsystem\n", b"c__builtin__\nobject\n", b"N") + b".", "inert")
    corpus.both("code_persistent_module", b"\x80\x02(" + text("module") + b"cos\nsystem\n" + text("f.py") + text(python) + b"tQ.", "any")
    corpus.both("code_extension_1", b"\x80\x02\x82\x01)R.", "error")
    corpus.both("code_extension_2", b"\x80\x02\x83\x01\x00)R.", "error")
    corpus.both("code_extension_4", b"\x80\x02\x84\x01\x00\x00\x00)R.", "error")
    corpus.both("code_out_of_band", b"\x80\x05\x97\x98.", "error")


def bombs(corpus: Corpus) -> None:
    laughs = b"\x80\x02]q\x00" + b"".join(b"](" + b"h" + bytes([i]) * 1 + (b"h" + bytes([i])) * 9 + b"eq" + bytes([i + 1]) for i in range(200)) + b"."
    corpus.both("bomb_laughs", laughs, "any")
    corpus.both("bomb_laughs_dict", b"\x80\x02]q\x00" + b"".join(b"}(" + b"".join(b"K" + bytes([k]) + b"h" + bytes([i]) for k in range(10)) + b"uq" + bytes([i + 1]) for i in range(200)) + b".", "any")
    corpus.both("bomb_depth_lists", b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".", "error")
    corpus.both("bomb_depth_marks", b"\x80\x02" + b"(" * 200_000 + b"t" * 200_000 + b".", "error")
    corpus.both("bomb_depth_tuples", b"\x80\x02N" + b"\x85" * 200_000 + b".", "error")
    corpus.both("bomb_depth_calls", b"\x80\x02cx\ny\n" + b")R" * 200_000 + b".", "any")
    corpus.both("bomb_cycle", b"\x80\x02]q\x00h\x00a.", "any")
    corpus.both("bomb_cycle_dict", b"\x80\x02}q\x00" + text("self") + b"h\x00s.", "any")
    corpus.both("bomb_cycle_object", b"\x80\x02cx\ny\n)Rq\x00}" + text("me") + b"h\x00sb.", "any")
    corpus.both("bomb_memo_index", b"\x80\x02Nr\xff\xff\xff\xff.", "error")
    corpus.both("bomb_memo_line", b"Np99999999999999999999\n.", "error")
    corpus.both("bomb_opcodes", b"\x80\x02" + b"N0" * 2_000_000 + b"N.", "any")
    corpus.both("bomb_dup", b"\x80\x02]" + b"2" * 2_000_000 + b".", "any")
    corpus.both("bomb_values", b"\x80\x02(" + b"]" * 1_000_000 + b"l.", "error")
    corpus.both("bomb_memoize", b"\x80\x04N" + b"\x94" * 1_000_000 + b".", "any")
    corpus.both("bomb_frame", b"\x80\x04\x95" + b"\xff" * 8 + b"N.", "any")
    encode = text("\u00e9" * 100_000) + b"q\x00" + text("latin1") + b"q\x010"
    corpus.both("bomb_encode", b"\x80\x02" + encode + b"0](" + b"c_codecs\nencode\n(h\x00h\x01tR" * 5000 + b"e.", "error")
    big = b"(" + b"K\x01" * 50_000 + b"lq\x00"
    corpus.both("bomb_copy_list", b"\x80\x02" + big + b"\x85q\x010](" + b"c__builtin__\nlist\nh\x01R" * 20_000 + b"e.", "error")
    corpus.both("bomb_shared_args", b"\x80\x02(" + b"K\x01" * 50_000 + b"tq\x010](" + b"cx\ny\nh\x01R" * 20_000 + b"e.", "error")
    long_key = text("k" * 100_000) + b"q\x000"
    corpus.both("bomb_long_keys", b"\x80\x02" + long_key + b"}h\x00(" + b"K\x01" * 50_000 + b"ls.", "error")
    for name, opcode in {"string": b"X", "bytes": b"B", "string4": b"T"}.items():
        corpus.both("length_" + name, b"\x80\x02" + opcode + b"\xff\xff\xff\x7f" + b"abc.", "error")
    for name, opcode in {"string8": b"\x8d", "bytes8": b"\x8e", "bytearray8": b"\x96"}.items():
        corpus.both("length_" + name, b"\x80\x05" + opcode + b"\xff" * 8 + b"abc.", "error")
    corpus.both("length_negative", b"\x80\x02T\xff\xff\xff\xffabc.", "error")
    corpus.both("length_long", b"\x80\x02\x8b\xff\xff\xff\x7f.", "error")
    corpus.both("underflow", b"\x80\x02a.", "error")
    corpus.both("underflow_mark", b"\x80\x02t.", "error")
    corpus.both("underflow_below_mark", b"\x80\x02N(\x85.", "error")
    corpus.both("no_stop", b"\x80\x02N", "error")
    corpus.both("unknown_opcode", b"\x80\x02\xff.", "error")
    corpus.both("append_to_number", b"\x80\x02K\x01K\x02a.", "error")
    corpus.both("odd_dict", b"\x80\x02}(K\x01u.", "error")


def tensors(corpus: Corpus) -> None:
    data = struct.pack("<4f", 1, 2, 3, 4)

    def add(name: str, payload: bytes, expect: str = "error", contents: bytes = data, key: str = "0") -> None:
        corpus.add("tensor_" + name + ".pt", archive({"data.pkl": state(payload), "data/" + key: contents}), expect)

    add("good", tensor("0", 4, 0, (2, 2), (2, 1)), "inert")
    add("transposed", tensor("0", 4, 0, (2, 2), (1, 2)), "inert")
    add("beyond_storage", tensor("0", 4, 0, (5,), (1,)))
    add("offset_beyond", tensor("0", 4, 1, (4,), (1,)))
    add("offset_negative", tensor("0", 4, -1, (4,), (1,)))
    add("stride_negative", tensor("0", 4, 3, (4,), (-1,)))
    add("stride_huge", tensor("0", 4, 0, (2,), (2**62,)))
    add("stride_overflow", tensor("0", 4, 2**62, (3, 3), (2**62, 2**62)))
    add("shape_negative", tensor("0", 4, 0, (-1,), (1,)))
    add("shape_overflow", tensor("0", 4, 0, (2**40, 2**40), (0, 0)))
    add("shape_zero_overflow", tensor("0", 4, 0, (0, 2**62, 2**62), (0, 0, 0)))
    add("expanded_bomb", tensor("0", 4, 0, (2**34,), (0,)), "any")
    add("rank", tensor("0", 4, 0, (1,) * 500, (1,) * 500))
    add("ranks_differ", tensor("0", 4, 0, (4,), (1, 1)))
    add("storage_too_small", tensor("0", 5, 0, (5,), (1,)))
    add("storage_overflow", tensor("0", 2**31 - 1, 0, (4,), (1,)))
    add("storage_missing", tensor("7", 4, 0, (4,), (1,)))
    add("storage_path", tensor("../version", 1, 0, (1,), (1,)))
    add("storage_two_types", b"](" + tensor("0", 4, 0, (4,), (1,)) + tensor("0", 3, 0, (3,), (1,)) + b"e")
    add("storage_odd_type", b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage("0", 4, "EvilStorage") + b"K\x00)))tR")
    add("no_storage", b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00))\x89)tR")
    add("few_arguments", b"ctorch._utils\n_rebuild_tensor_v2\n)R")
    add("text_shape", b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage("0", 4) + b"K\x00" + text("ab") + text("cd") + b"tR")
    add("bad_id", b"(" + text("storage") + b"K\x01K\x02K\x03K\x04tQ")
    add("string_id", text("hello") + b"Q")
    dtype = call("numpy", "dtype", text("f8"), b"\x89", b"\x88") + b"(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = call("numpy.core.multiarray", "_reconstruct", b"cnumpy\nndarray\n", b"K\x00\x85", b"C\x01b")
    add("numpy_short", array + b"(K\x01" + ints(100) + dtype + b"\x89C\x08" + b"\0" * 8 + b"tb")
    add("numpy_negative", array + b"(K\x01" + ints(-1) + dtype + b"\x89C\x08" + b"\0" * 8 + b"tb")
    add("numpy_objects", array + b"(K\x01" + ints(1) + call("numpy", "dtype", text("O"), b"\x89", b"\x88") + b"\x89](Ntetb"[:-1] + b"b", "any")

    sizes = struct.pack("<q", 4) + data
    head = pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2) + pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2)

    def legacy(name: str, payload: bytes, rest: bytes, expect: str) -> None:
        corpus.add("legacy_" + name + ".pt", head + state(payload) + rest, expect)

    stored = storage("0", 4).replace(b"tQ", b"NtQ")
    good = b"ctorch._utils\n_rebuild_tensor\n(" + stored + b"K\x00" + ints(4) + ints(1) + b"tR"
    keys = pickle.dumps(["0"], 2)
    legacy("good", good, keys + sizes, "inert")
    legacy("no_keys", good, pickle.dumps([], 2), "error")
    legacy("cut", good, keys + sizes[:-1], "error")
    legacy("other_count", good, keys + struct.pack("<q", 5) + data + data, "error")
    legacy("negative_count", good, keys + struct.pack("<q", -1) + data, "error")
    legacy("twice", good, pickle.dumps(["0", "0"], 2) + sizes + sizes, "error")
    legacy("unknown_key", good, pickle.dumps(["1"], 2) + sizes, "error")
    legacy("keys_no_list", good, pickle.dumps(7, 2) + sizes, "error")
    view = storage("0", 4).replace(b"tQ", b"(" + text("v") + b"J\x03\0\0\0J\x05\0\0\0ttQ")
    legacy("view_beyond", b"ctorch._utils\n_rebuild_tensor\n(" + view + b"K\x00" + ints(4) + ints(1) + b"tR", keys + sizes, "error")
    corpus.add("legacy_protocol.pt", pickle.dumps(MAGIC, 2) + pickle.dumps(7, 2), "error")
    big = pickle.dumps({"little_endian": False}, 2)
    corpus.add("legacy_big_endian.pt", pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2) + big, "error")
    corpus.add("big_endian.pt", archive({"byteorder": b"big", "data.pkl": state(tensor("0", 4, 0, (4,), (1,))), "data/0": data}), "error")


def zips(corpus: Corpus) -> None:
    members = {"data.pkl": state(tensor("0", 4, 0, (4,), (1,))), "data/0": struct.pack("<4f", 1, 2, 3, 4)}
    good = archive(members)
    corpus.add("zip_good.pt", good, "inert")
    corpus.add("zip_deflated.pt", archive(members, zipfile.ZIP_DEFLATED), "inert")
    corpus.add("zip_bzip2.pt", archive(members, zipfile.ZIP_BZIP2), "error")

    def patched(name: str, at: int, value: bytes, expect: str = "error", base: bytes = good) -> None:
        corpus.add("zip_" + name + ".pt", base[:at] + value + base[at + len(value):], expect)

    central = good.index(b"PK\x01\x02")
    second = good.index(b"PK\x01\x02", central + 4)
    end = good.rindex(b"PK\x05\x06")
    data_at = good.index(members["data.pkl"])
    patched("crc_of_pickle", data_at + 10, bytes([good[data_at + 10] ^ 1]))
    patched("crc_in_directory", central + 16, b"\0\0\0\0")
    patched("crc_in_local", 14, b"\0\0\0\0")
    patched("local_name", 30, b"arXhive")
    patched("local_method", 8, b"\x08\0")
    patched("local_size", 18, struct.pack("<I", 7))
    patched("local_magic", 0, b"PK\x03\x05")
    patched("encrypted", central + 8, b"\x01\0")
    patched("size_huge", central + 24, b"\xfe\xff\xff\x7f")
    patched("compressed_huge", central + 20, b"\xfe\xff\xff\x7f")
    patched("offset_huge", central + 42, b"\xf0\xff\xff\x7f")
    patched("offset_shared", second + 42, good[central + 42:central + 46])
    patched("count_huge", end + 8, b"\xfe\xff\xfe\xff")
    patched("directory_offset", end + 16, struct.pack("<I", len(good)))
    patched("directory_size", end + 12, b"\xff\xff\xff\x7f")
    patched("directory_magic", central, b"PK\x01\x03")
    patched("zip64_missing", central + 24, b"\xff\xff\xff\xff")
    corpus.add("zip_cut.pt", good[:-30], "error")
    corpus.add("zip_front.pt", b"\0" * 64 + good, "error")
    corpus.add("zip_comment.pt", good[:-2] + struct.pack("<H", 65535) + b"PK\x05\x06" * 1000, "error")
    corpus.add("zip_empty.pt", b"PK\x05\x06" + b"\0" * 18, "error")

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("archive/data.pkl", members["data.pkl"])
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file.writestr("archive/data.pkl", state(call("os", "system", text("true"))))
        file.writestr("archive/data/0", members["data/0"])
    corpus.add("zip_two_pickles.pt", out.getvalue(), "error")

    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(bomb.compress(b"\0" * (1 << 20)) for _ in range(2048)) + bomb.flush()
    corpus.add("zip_bomb.pt", raw_zip([("archive/data.pkl", packed, 8, 2048 << 20)]), "error")
    corpus.add("zip_bomb_lying.pt", raw_zip([("archive/data.pkl", packed, 8, 100)]), "error")
    many = [(f"archive/data/{i}", packed[:1000], 8, 64 << 20) for i in range(50)]
    payload = state(b"](" + b"".join(tensor(str(i), 16 << 20, 0, (1,), (1,)) for i in range(50)) + b"e")
    corpus.add("zip_bomb_many.pt", raw_zip([("archive/data.pkl", payload, 0, len(payload))] + many), "error")
    for name in ("../../escape", "/etc/passwd", "C:\\x", "a/../../b", "data.pkl\0.txt", "\x1b[31m"):
        entries = [("archive/data.pkl", members["data.pkl"], 0, len(members["data.pkl"])),
                   ("archive/data/0", members["data/0"], 0, 16), (name, b"x", 0, 1)]
        corpus.add(f"zip_name_{zlib.crc32(name.encode()):08x}.pt", raw_zip(entries), "inert")


def raw_zip(entries: list[tuple[str, bytes, int, int]]) -> bytes:
    """Members as (name, stored bytes, method, size declared)."""
    body, directory = b"", b""
    for name, data, method, size in entries:
        raw = name.encode()
        crc = zlib.crc32(data) if method == 0 else 0
        fields = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0, crc, len(data), size, len(raw), 0)
        directory += b"PK\x01\x02\x14\x00" + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\x03\x04" + fields + raw + data
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return body + directory + end


def safetensors(corpus: Corpus) -> None:
    def add(name: str, header: object, data: bytes = b"\0" * 16, expect: str = "error") -> None:
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        corpus.add("safe_" + name + ".safetensors", struct.pack("<Q", len(raw)) + raw + data, expect)

    def entry(begin: int = 0, end: int = 16, shape: object = (4,), dtype: object = "F32") -> dict:
        return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}

    add("good", {"a": entry(), "__metadata__": {"k": "v"}}, expect="inert")
    add("hole", {"a": entry(0, 4, (1,)), "b": entry(8, 16, (2,))})
    add("overlap", {"a": entry(0, 8, (2,)), "b": entry(4, 16, (3,))})
    add("tail", {"a": entry()}, b"\0" * 17)
    add("short", {"a": entry()}, b"\0" * 15)
    add("late_start", {"a": entry(4, 16, (3,))})
    add("reversed", {"a": entry(16, 0)})
    add("size", {"a": entry(shape=(5,))})
    add("overflow", {"a": entry(shape=(2**33, 2**33))})
    add("zero_overflow", {"a": entry(0, 0, (0, 2**62, 2**62))}, b"")
    add("negative", {"a": entry(shape=(-4,))})
    add("fraction", {"a": entry(shape=(4.0,))})
    add("huge_number", b'{"a":{"dtype":"F32","shape":[99999999999999999999999],"data_offsets":[0,16]}}')
    add("dtype", {"a": entry(dtype="X9")})
    add("dtype_number", {"a": entry(dtype=7)})
    add("missing", {"a": {"dtype": "F32", "shape": [4]}})
    add("more", {"a": dict(entry(), extra="x")})
    add("twice", b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}')
    add("field_twice", b'{"a":{"dtype":"F32","dtype":"I32","shape":[4],"data_offsets":[0,16]}}')
    add("metadata_numbers", {"a": entry(), "__metadata__": {"k": 1}})
    add("no_json", b"{" + b"x" * 30)
    add("deep", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    add("deep_objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    add("array", b"[]")
    corpus.add("safe_header_beyond.safetensors", struct.pack("<Q", 1000) + b"{}" + b"\0" * 16, "error")
    corpus.add("safe_header_huge.safetensors", struct.pack("<Q", 2**63) + b"{}" + b"\0" * 16, "error")


def mutations(corpus: Corpus, count: int) -> None:
    """Seeded damage to the good files: any outcome but a crash."""
    rng = random.Random(6)
    seeds = [e["file"] for e in corpus.entries if e["expect"] == "inert" and (corpus.folder / e["file"]).stat().st_size < 20_000]
    for i in range(count):
        data = bytearray((corpus.folder / rng.choice(seeds)).read_bytes())
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            kind = rng.randrange(4)
            if kind == 0:
                data[at] = rng.randrange(256)
            elif kind == 1:
                data[at:at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"])
            elif kind == 2:
                del data[at:at + rng.randint(1, 8)]
            else:
                data[at:at] = data[rng.randrange(len(data)):][:rng.randint(1, 32)]
            if not data:
                data = bytearray(b"\0")
        corpus.add(f"mutation_{i:04}.bin", bytes(data), "any")


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    corpus = Corpus(folder)
    canary = folder / "canary"
    canary.unlink(missing_ok=True)
    code_execution(corpus, str(canary))
    bombs(corpus)
    tensors(corpus)
    zips(corpus)
    safetensors(corpus)
    mutations(corpus, 600)
    (folder / "corpus.json").write_text(json.dumps(corpus.entries, indent=1))
    print(len(corpus.entries), "files in", os.path.basename(folder))


if __name__ == "__main__":
    main()
