"""Seeded inputs that resemble what the models were trained on: voices, music, lines of text, pages, files.

Models fed with white noise saturate or answer nothing, which hides errors; these inputs make them answer something.
Everything is made with numpy from a name, so that the same name gives the same array everywhere.
"""
import zlib

import numpy as np

# Strokes of the digits on a grid of 5 x 7, a bit per cell, the leftmost cell highest.
DIGITS = {
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14), "2": (14, 17, 1, 6, 8, 16, 31),
    "3": (30, 1, 1, 14, 1, 1, 30), "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8), "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
}
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))  # formants, Hz


def generator(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def _resonate(signal, frequency, bandwidth, rate):
    """A two-pole resonator with unit gain at 0 Hz."""
    radius = np.exp(-np.pi * bandwidth / rate)
    a1, a2 = 2 * radius * np.cos(2 * np.pi * frequency / rate), -radius * radius
    out = np.zeros(len(signal) + 2)
    for i, x in enumerate(signal):
        out[i + 2] = (1 - a1 - a2) * x + a1 * out[i + 1] + a2 * out[i]
    return out[2:]


def voice(name, samples, rate=16000):
    """A voice that sings vowels with pauses between them: float32 [samples], peak 0.5."""
    rng = generator(name)
    time = np.arange(samples) / rate
    pitch = 120 + 40 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6)) + 10 * np.sin(2 * np.pi * 5 * time)
    phase = np.cumsum(pitch / rate)
    pulses = np.diff(np.floor(phase), prepend=0.0) + 0.02 * rng.standard_normal(samples)
    sound = np.zeros(samples)
    syllable = int(0.24 * rate)
    for start in range(0, samples, syllable):
        part = pulses[start:start + syllable]
        if rng.random() < 0.2:  # a pause
            continue
        for formant in VOWELS[rng.integers(len(VOWELS))]:
            part = _resonate(part, formant, 60 + formant / 20, rate)
        sound[start:start + syllable] = part * np.hanning(syllable)[:len(part)] / (np.abs(part).max() + 1e-9)
    sound += 0.003 * rng.standard_normal(samples)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def music(name, samples, rate=22050):
    """Plucked notes of a pentatonic scale and a little noise: float32 [samples], peak 0.8."""
    rng = generator(name)
    sound = 0.01 * rng.standard_normal(samples)
    for start in range(0, samples, rate // 5):
        time = np.arange(samples - start) / rate
        note = 220.0 * 2 ** (rng.choice([0, 2, 4, 7, 9, 12, 14]) / 12)
        for harmonic in range(1, 7):
            sound[start:] += np.exp(-3 * harmonic * time) * np.sin(2 * np.pi * note * harmonic * time) / harmonic
    return (0.8 * sound / np.abs(sound).max()).astype(np.float32)


def text_line(name, height, width):
    """Dark digits on light paper: float32 [height, width], 0 to 1."""
    rng = generator(name)
    paper = np.full((height, width), 0.92) + 0.02 * rng.standard_normal((height, width))
    cell = max(1, int(height * 0.8) // 7)
    top, left = (height - 7 * cell) // 2, cell
    while left + 5 * cell < width:
        rows = DIGITS[str(rng.integers(10))]
        glyph = np.array([[row >> (4 - column) & 1 for column in range(5)] for row in rows])
        area = paper[top:top + 7 * cell, left:left + 5 * cell]
        area -= 0.8 * np.kron(glyph, np.ones((cell, cell)))
        left += 6 * cell
    return np.clip(paper, 0, 1).astype(np.float32)


def page(name, height, width):
    """Lines of text, a picture and a table on a page: float32 [height, width], 0 to 1."""
    rng = generator(name)
    sheet = np.full((height, width), 0.95, np.float32)
    line, y = max(8, height // 40), height // 20
    while y + 2 * line < height // 2:
        length = int(width * rng.uniform(0.5, 0.85))
        sheet[y:y + line, width // 12:width // 12 + length] = text_line(f"{name}{y}", line, length)
        y += int(1.6 * line)
    picture = sheet[height * 11 // 20:height * 15 // 20, width // 12:width // 2]
    rows, columns = np.indices(picture.shape)
    picture[:] = 0.5 + 0.3 * np.sin(rows / 9) * np.cos(columns / 13) + 0.1 * rng.standard_normal(picture.shape)
    sheet[height * 16 // 20:height * 19 // 20:max(2, line), width // 12:width * 11 // 12] = 0.1
    sheet[height * 16 // 20:height * 19 // 20, width // 12:width * 11 // 12:max(2, width // 8)] = 0.1
    return np.clip(sheet, 0, 1)


def picture_batch(planes, mean, std):
    """Grey pictures [height, width] as a normalised colour batch, float32 [n, 3, height, width]."""
    tint = np.array([1.0, 0.97, 0.9], np.float32).reshape(1, 3, 1, 1)
    batch = np.stack(planes)[:, None] * tint
    return ((batch - np.reshape(mean, (1, 3, 1, 1))) / np.reshape(std, (1, 3, 1, 1))).astype(np.float32)


def file_bytes(paths, size=2048, padding=256):
    """First and last size/2 bytes of files, as magika wants them: int32 [n, size]."""
    rows = []
    for path in paths:
        data, half = np.frombuffer(path.read_bytes().strip(), np.uint8).astype(np.int32), size // 2
        row = np.full(size, padding, np.int32)
        row[:min(half, len(data))] = data[:half]
        row[size - min(half, len(data)):] = data[-half:]
        rows.append(row)
    return np.stack(rows)


def log_mel(sound, bands=80, frames=800, rate=16000, window=400, hop=160):
    """Whisper's features (log10 mel energies, clamped 8 below the peak, scaled): float32 [1, bands, frames]."""
    sound = (sound - sound.mean()) / (sound.std() + 1e-7)
    padded = np.pad(sound, window // 2, mode="reflect")
    starts = np.arange(frames) * hop
    spectra = np.abs(np.fft.rfft(padded[starts[:, None] + np.arange(window)] * np.hanning(window + 1)[:-1])) ** 2
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), bands + 2) / 2595) - 1)
    bins = np.arange(window // 2 + 1) * rate / window
    slopes = (bins[None] - edges[:, None]) / np.diff(edges, append=edges[-1] + 1)[:, None]
    filters = np.maximum(0, np.minimum(slopes[:-2], 1 - slopes[1:-1]))
    energy = np.log10(np.maximum(spectra @ filters.T, 1e-10))
    energy = (np.maximum(energy, energy.max() - 8) + 4) / 4
    return energy.T[None].astype(np.float32)
