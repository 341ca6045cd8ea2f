"""What every worker shares: requests and answers on pipes, tensors in shared memory, the timed loops.

A worker defines a class like this and hands it to serve():

    class Engine:
        timed = "what stands inside the timed region, in a sentence"
        def versions(self): ...               # {"name": "1.2.3"}
        def open(self, model, threads, options): ...   # everything until inputs could be given; timed as loading
        def signature(self): ...              # ([(name, dtype, shape)], [(name, dtype, shape)]); None for open dims
        def bind(self, inputs): ...           # arrays to use from now on, in the signature's order
        def runner(self): ...                 # a function that does one inference; each stream gets one of its own
        def outputs(self): ...                # [(name, array)] of the first runner's last run
        def inside(self, names): ...          # optional: [(name, array)] within the model, so that the first difference is told
"""
import json
import math
import mmap
import os
import random
import struct
import sys
import threading
import time

STARTED = time.perf_counter()
REQUEST, ANSWER, INPUTS, OUTPUTS = 3, 4, 5, 6
MOST_SAMPLES = 2_000_000
now = time.perf_counter


def cpu_seconds():
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def read_exactly(fd, count):
    parts = b""
    while len(parts) < count:
        part = os.read(fd, count - len(parts))
        if not part:
            os._exit(0)  # nobody asks any more
        parts += part
    return parts


def answer(document):
    body = json.dumps(document).encode()
    view = memoryview(struct.pack("<I", len(body)) + body)
    while view:
        view = view[os.write(ANSWER, view):]


def numpy_dtype(name):
    import numpy
    if name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4"):
        import ml_dtypes
        return numpy.dtype(getattr(ml_dtypes, name))
    return numpy.dtype(name)


class Worker:
    def __init__(self, engine):
        self.engine = engine
        self.runners = []

    # ---- before measuring
    def hello(self, request):
        return {"versions": self.engine.versions(), "timed": self.engine.timed, "import_seconds": now() - STARTED}

    def open(self, request):
        start = now()
        self.engine.open(request["model"], request["threads"], request.get("options", {}))
        seconds = now() - start
        described = []
        for side in self.engine.signature():
            described.append([{"name": name, "dtype": str(dtype), "shape": shape} for name, dtype, shape in side])
        return {"seconds": seconds, "inputs": described[0], "outputs": described[1]}

    def bind(self, request):
        """Inputs live in shared memory, mapped so that nobody writes to them by mistake."""
        import numpy
        size = os.fstat(INPUTS).st_size
        shared = mmap.mmap(INPUTS, size, access=mmap.ACCESS_COPY) if size else b""
        arrays = []
        for item in request["inputs"]:
            dtype = numpy_dtype(item["dtype"])
            count = math.prod(item["shape"])
            array = numpy.frombuffer(shared, dtype, count, item["offset"]) if count else numpy.empty(0, dtype)
            arrays.append(array.reshape(item["shape"]))
        start = now()
        self.engine.bind(arrays)
        self.runners = [self.engine.runner()]
        return {"seconds": now() - start}

    def first(self, request):
        start = now()
        self.runners[0]()
        seconds = now() - start
        return {"seconds": seconds, "outputs": self.deliver(self.engine.outputs())}

    def deliver(self, named):
        import numpy
        described, offset = [], 0
        os.ftruncate(OUTPUTS, 0)
        for name, array in named:
            shape = list(numpy.shape(array))
            array = numpy.ascontiguousarray(array)
            offset = (offset + 63) // 64 * 64
            view, at = memoryview(array.reshape(-1).view(numpy.uint8)) if array.size else memoryview(b""), offset
            while view:
                written = os.pwrite(OUTPUTS, view[:1 << 30], at)
                view, at = view[written:], at + written
            described.append({"name": name, "dtype": str(array.dtype), "shape": shape, "offset": offset, "bytes": array.nbytes})
            offset += array.nbytes
        return described

    def tensors(self, request):
        """Values inside the model, by name, where the framework can show them."""
        found = self.engine.inside(request["names"]) if hasattr(self.engine, "inside") else []
        return {"outputs": self.deliver(found)}

    # ---- the timed loops: nothing but the clock and the call
    def block(self, request):
        run = self.runners[0]
        for _ in range(request.get("settle", 0)):
            run()
        least, most = request["least"], min(request["most"], MOST_SAMPLES)
        seconds, samples = request["seconds"], []
        append = samples.append
        cpu, start = cpu_seconds(), now()
        end, count = start + seconds, 0
        while count < most:
            before = now()
            run()
            after = now()
            append(after - before)
            count += 1
            if after >= end and count >= least:
                break
        return self.report(samples, now() - start, cpu_seconds() - cpu)

    def streams(self, request):
        """Several inferences at a time, each stream with buffers of its own."""
        wanted, seconds = request["streams"], request["seconds"]
        while len(self.runners) < wanted:
            self.runners.append(self.engine.runner())
        results, errors, gate = [[] for _ in range(wanted)], [], threading.Barrier(wanted + 1)

        def work(index):
            try:
                run, append = self.runners[index], results[index].append
                run()
                gate.wait()
                end = now() + seconds
                while True:
                    before = now()
                    run()
                    after = now()
                    append(after - before)
                    if after >= end:
                        break
            except BaseException as error:  # the others must not wait for it
                errors.append(error)
                gate.abort()

        threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(wanted)]
        for thread in threads:
            thread.start()
        try:
            gate.wait()
        except threading.BrokenBarrierError:
            pass
        cpu, start = cpu_seconds(), now()
        for thread in threads:
            thread.join()
        elapsed, cpu = now() - start, cpu_seconds() - cpu
        if errors:
            raise errors[0]
        return self.report([s for samples in results for s in samples], elapsed, cpu)

    def serve(self, request):
        """Requests arrive at random times; latency counts from the scheduled arrival, so waiting counts."""
        run, samples = self.runners[0], []
        arrivals, at, draw = [], 0.0, random.Random(request["seed"])
        while (at := at + draw.expovariate(request["rate"])) < request["seconds"]:
            arrivals.append(at)
        cpu, start = cpu_seconds(), now()
        limit = start + 2 * request["seconds"]
        for arrival in arrivals:
            due = start + arrival
            while (left := due - now()) > 0:
                if left > 0.0005:
                    time.sleep(left - 0.0003)
            run()
            done = now()
            samples.append(done - due)
            if done > limit:  # hopelessly behind: what is still queued would only be later
                break
        return {**self.report(samples, now() - start, cpu_seconds() - cpu), "arrived": len(arrivals)}

    def report(self, samples, elapsed, cpu):
        data = struct.pack(f"<{len(samples)}d", *samples)
        os.ftruncate(OUTPUTS, 0)
        view, at = memoryview(data), 0
        while view:
            written = os.pwrite(OUTPUTS, view, at)
            view, at = view[written:], at + written
        return {"count": len(samples), "elapsed": elapsed, "cpu_seconds": cpu}


def explain(error):
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:600]}"


def serve(make_engine):
    try:
        worker, broken = Worker(make_engine()), None
    except BaseException as error:
        worker, broken = None, explain(error)
    while True:
        length = struct.unpack("<I", read_exactly(REQUEST, 4))[0]
        request = json.loads(read_exactly(REQUEST, length))
        try:
            if broken:
                raise RuntimeError(f"cannot be loaded: {broken}")
            answer(getattr(Worker, request["do"])(worker, request))
        except MemoryError:
            answer({"error": f"ran out of memory in '{request['do']}'"})
        except BaseException as error:
            sys.stderr.write(explain(error) + "\n")
            answer({"error": f"{explain(error)} in '{request['do']}'"})
