// FarmHash: G. Pike, 2014. SipHash: Aumasson and Bernstein, 2012. MurmurHash: A. Appleby, 2008. Written from their
// definitions; constants are part of these.
#include "ops/strings/hashes.h"

#include <bit>
#include <cstring>
#include <utility>

namespace thane {
namespace {

constexpr uint64_t kA = 0xc3a5c85c97cb3127u, kB = 0xb492b66fbe98f273u, kC = 0x9ae16a3b2f90404fu;

uint64_t load64(const char* text) {
  uint64_t value;
  std::memcpy(&value, text, sizeof(value));
  return value;
}
uint32_t load32(const char* text) {
  uint32_t value;
  std::memcpy(&value, text, sizeof(value));
  return value;
}
uint64_t rotate(uint64_t value, int by) { return std::rotr(value, by); }
uint64_t mix(uint64_t value) { return value ^ (value >> 47); }

uint64_t hash16(uint64_t u, uint64_t v, uint64_t factor) {
  uint64_t a = (u ^ v) * factor;
  a ^= a >> 47;
  uint64_t b = (v ^ a) * factor;
  b ^= b >> 47;
  return b * factor;
}

uint64_t farm_up_to_16(const char* s, size_t n) {
  if (n >= 8) {
    const uint64_t factor = kC + n * 2, a = load64(s) + kC, b = load64(s + n - 8);
    return hash16(rotate(b, 37) * factor + a, (rotate(a, 25) + b) * factor, factor);
  }
  if (n >= 4) {
    const uint64_t factor = kC + n * 2, a = load32(s);
    return hash16(n + (a << 3), load32(s + n - 4), factor);
  }
  if (n > 0) {
    const auto a = static_cast<uint8_t>(s[0]), b = static_cast<uint8_t>(s[n >> 1]), c = static_cast<uint8_t>(s[n - 1]);
    const uint32_t y = a + (uint32_t{b} << 8), z = static_cast<uint32_t>(n) + (uint32_t{c} << 2);
    return mix(y * kC ^ z * kA) * kC;
  }
  return kC;
}

uint64_t farm_17_to_32(const char* s, size_t n) {
  const uint64_t factor = kC + n * 2;
  const uint64_t a = load64(s) * kB, b = load64(s + 8), c = load64(s + n - 8) * factor, d = load64(s + n - 16) * kC;
  return hash16(rotate(a + b, 43) + rotate(c, 30) + d, a + rotate(b + kC, 18) + c, factor);
}

uint64_t farm_33_to_64(const char* s, size_t n) {
  const uint64_t factor = kC + n * 2;
  const uint64_t a = load64(s) * kC, b = load64(s + 8), c = load64(s + n - 8) * factor, d = load64(s + n - 16) * kC;
  const uint64_t y = rotate(a + b, 43) + rotate(c, 30) + d;
  const uint64_t z = hash16(y, a + rotate(b + kC, 18) + c, factor);
  const uint64_t e = load64(s + 16) * factor, f = load64(s + 24);
  const uint64_t g = (y + load64(s + n - 32)) * factor, h = (z + load64(s + n - 24)) * factor;
  return hash16(rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, factor);
}

using Pair = std::pair<uint64_t, uint64_t>;
Pair weak_hash32(const char* s, uint64_t a, uint64_t b) {
  const uint64_t w = load64(s), x = load64(s + 8), y = load64(s + 16), z = load64(s + 24);
  a += w;
  b = rotate(b + a + z, 21);
  const uint64_t c = a;
  a += x;
  a += y;
  b += rotate(a, 44);
  return {a + z, b + c};
}

}  // namespace

uint64_t farm_fingerprint64(std::string_view text) {
  const char* s = text.data();
  const size_t n = text.size();
  if (n <= 16) return farm_up_to_16(s, n);
  if (n <= 32) return farm_17_to_32(s, n);
  if (n <= 64) return farm_33_to_64(s, n);
  constexpr uint64_t kSeed = 81;
  uint64_t x = kSeed, y = kSeed * kB + 113, z = mix(y * kC + 113) * kC;
  Pair v{0, 0}, w{0, 0};
  x = x * kC + load64(s);
  const char* end = s + (n - 1) / 64 * 64;
  const char* last64 = end + ((n - 1) & 63) - 63;
  do {
    x = rotate(x + y + v.first + load64(s + 8), 37) * kB;
    y = rotate(y + v.second + load64(s + 48), 42) * kB;
    x ^= w.second;
    y += v.first + load64(s + 40);
    z = rotate(z + w.first, 33) * kB;
    v = weak_hash32(s, v.second * kB, x + w.first);
    w = weak_hash32(s + 32, z + w.second, y + load64(s + 16));
    std::swap(z, x);
    s += 64;
  } while (s != end);
  const uint64_t factor = kB + ((z & 0xff) << 1);
  s = last64;
  w.first += (n - 1) & 63;
  v.first += w.first;
  w.first += v.first;
  x = rotate(x + y + v.first + load64(s + 8), 37) * factor;
  y = rotate(y + v.second + load64(s + 48), 42) * factor;
  x ^= w.second * 9;
  y += v.first * 9 + load64(s + 40);
  z = rotate(z + w.first, 33) * factor;
  v = weak_hash32(s, v.second * factor, x + w.first);
  w = weak_hash32(s + 32, z + w.second, y + load64(s + 16));
  std::swap(z, x);
  return hash16(hash16(v.first, w.first, factor) + mix(y) * kA + z, hash16(v.second, w.second, factor) + x, factor);
}

uint64_t sip_hash(std::string_view text, const std::array<uint64_t, 2>& key) {
  uint64_t v0 = key[0] ^ 0x736f6d6570736575u, v1 = key[1] ^ 0x646f72616e646f6du, v2 = key[0] ^ 0x6c7967656e657261u,
           v3 = key[1] ^ 0x7465646279746573u;
  const auto round = [&] {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  };
  const auto absorb = [&](uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) absorb(load64(text.data() + at));
  uint64_t tail = uint64_t{text.size() & 0xff} << 56;
  for (size_t i = 0; at + i < text.size(); ++i) tail |= uint64_t{static_cast<uint8_t>(text[at + i])} << (8 * i);
  absorb(tail);
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

uint64_t murmur_hash64(std::string_view text, uint64_t seed) {
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995u;
  uint64_t hash = seed ^ (text.size() * kFactor);
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = load64(text.data() + at) * kFactor;
    word ^= word >> 47;
    hash = (hash ^ word * kFactor) * kFactor;
  }
  if (at < text.size()) {
    uint64_t tail = 0;
    for (size_t i = 0; at + i < text.size(); ++i) tail |= uint64_t{static_cast<uint8_t>(text[at + i])} << (8 * i);
    hash = (hash ^ tail) * kFactor;
  }
  hash ^= hash >> 47;
  hash *= kFactor;
  return hash ^ (hash >> 47);
}

uint64_t combine_fingerprints(uint64_t first, uint64_t second) {
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
  const auto mix = [](uint64_t x) { return x ^ x >> 47; };
  uint64_t hash = (first ^ kFactor ^ mix(second * kFactor) * kFactor) * kFactor;
  hash = mix(hash) * kFactor;
  return mix(hash);
}

}  // namespace thane
