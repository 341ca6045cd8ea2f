// Sound as input: RIFF WAVE files (Microsoft/IBM, Multimedia Programming Interface and Data Specifications 1.0).
#pragma once

#include <cstdint>
#include <vector>

#include "base/file.h"

namespace thane {

struct Sound {
  int64_t rate = 0;            // samples per second
  std::vector<float> samples;  // -1..1; the mean of the channels
};

// PCM of 8, 16, 24 or 32 bits, float of 32 or 64 bits, any number of channels; WAVE_FORMAT_EXTENSIBLE too.
Result<Sound> read_wav(const MappedFile& file);

}  // namespace thane
