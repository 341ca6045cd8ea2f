#include "bench/verdict.h"

#include <gtest/gtest.h>

namespace thane::bench {
namespace {

// Twelve turns in four processes around `value`.
Candidate measured(const std::string& label, const std::string& group, double value) {
  Candidate candidate{label, group, value, {}};
  for (int process = 0; process < 4; ++process)
    for (int round = 0; round < 3; ++round)
      candidate.samples[{process, round}] = value * (1 + 0.002 * ((process + 2 * round) % 3 - 1));
  return candidate;
}

TEST(Verdict, TheFasterEngineWins) {
  const Verdict verdict = decide({measured("slow", "b", 1.3), measured("fast", "a", 1)}, 1.02);
  EXPECT_EQ(verdict.champion, "fast");
  EXPECT_EQ(verdict.runner_up, "slow");
  EXPECT_NEAR(verdict.margin.estimate, 1.3, 1e-9);
  EXPECT_TRUE(verdict.tie.empty());
}

TEST(Verdict, WithinTheNoiseIsATie) {
  const Verdict verdict = decide({measured("one", "a", 1), measured("other", "b", 1.01)}, 1.05);
  EXPECT_EQ(verdict.champion, "");
  EXPECT_EQ(verdict.tie, (std::vector<std::string>{"one", "other"}));
}

TEST(Verdict, FormsOfOneEngineDoNotTakeTheTitleFromEachOther) {
  const Verdict verdict = decide({measured("native (m.onnx)", "native", 1), measured("native (m.pt)", "native", 1.001),
                                  measured("rival", "rival", 1.5)},
                                 1.02);
  EXPECT_EQ(verdict.champion, "native (m.onnx)");
  EXPECT_EQ(verdict.alike, std::vector<std::string>{"native (m.pt)"});
  EXPECT_EQ(verdict.runner_up, "rival");
  EXPECT_NEAR(verdict.margin.estimate, 1.5, 1e-9);
}

TEST(Verdict, ExactValuesNeedNoTurns) {
  const Candidate none{"all", "all", 0, {}}, some{"some", "some", 0.5, {}}, same{"same", "same", 0, {}};
  EXPECT_EQ(decide({some, none}, 1.0 + 1e-9).champion, "all");
  EXPECT_EQ(decide({some, none, same}, 1.0 + 1e-9).tie.size(), 2u);
  EXPECT_EQ(decide({}, 1).champion, "");
}

TEST(Verdict, IsSaidInWords) {
  const std::vector<Candidate> candidates = {measured("x", "a", 1), measured("y", "a", 1), measured("z", "b", 2)};
  const auto document =
      verdict_document(decide(candidates, 1.02), need_named("low-latency"), "p50 latency", candidates);
  EXPECT_EQ(rivals::text(document, "text"),
            "CHAMPION x for low-latency: 2.00x [2.00, 2.00] ahead of z; y does as well (p50 latency)");
}

}  // namespace
}  // namespace thane::bench
