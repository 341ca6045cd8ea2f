// Hash functions of strings that other frameworks' models depend on.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace thane {

// FarmHash's Fingerprint64, which never changes.
uint64_t farm_fingerprint64(std::string_view text);
// How TensorFlow makes one of two fingerprints (FingerprintCat64).
uint64_t combine_fingerprints(uint64_t first, uint64_t second);
// SipHash-2-4.
uint64_t sip_hash(std::string_view text, const std::array<uint64_t, 2>& key);
// MurmurHash64A.
uint64_t murmur_hash64(std::string_view text, uint64_t seed);

}  // namespace thane
