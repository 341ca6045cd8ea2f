#include "bench/contestant.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace thane::bench {
namespace {

// The system's counters, as files of a made-up folder.
TEST(Contestant, EnergyIsTheSumOfThePackages) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "powercap";
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(package_joules(folder.string()).has_value());
  for (int package = 0; package < 2; ++package) {
    const auto zone = folder / ("intel-rapl:" + std::to_string(package));
    std::filesystem::create_directories(zone);
    std::ofstream(zone / "energy_uj") << 1'500'000 * (package + 1) << "\n";
  }
  std::filesystem::create_directories(folder / "intel-rapl:0:0");  // a part of the package, not one more
  EXPECT_DOUBLE_EQ(package_joules(folder.string()).value_or(0), 4.5);
}

}  // namespace
}  // namespace thane::bench
