#include "ir/dim.h"

#include <gtest/gtest.h>

namespace thane {
namespace {

const Dim kBatch = Dim::symbol("batch");
const Dim kSeq = Dim::symbol("seq");

TEST(Dim, EqualExpressionsAreEqual) {
  EXPECT_EQ(kBatch + kSeq, kSeq + kBatch);
  EXPECT_EQ((kBatch + 1) * 2, kBatch * 2 + 2);
  EXPECT_EQ(kSeq * kBatch - kBatch * kSeq, Dim(0));
  EXPECT_FALSE(kSeq == kBatch);
  EXPECT_FALSE(Dim::unknown() == Dim::unknown());
}

TEST(Dim, DivisionIsExactWhereItCanBe) {
  EXPECT_EQ(Dim::floor_div(kSeq * 6, 3), kSeq * 2);
  EXPECT_EQ(Dim::floor_div(kSeq * kBatch, kBatch), kSeq);
  EXPECT_EQ(Dim::floor_div(Dim(-7), 2), Dim(-4));
  EXPECT_EQ(Dim::ceil_div(Dim(7), 2), Dim(4));
  EXPECT_EQ(Dim::floor_div(kSeq + 1, 2), Dim::floor_div(Dim(1) + kSeq, 2));
  EXPECT_EQ(Dim::floor_div(kSeq + 1, 2).to_string(), "floor((seq + 1)/(2))");
  EXPECT_TRUE(Dim::floor_div(kSeq, 0).is_unknown());
}

TEST(Dim, OverflowIsUnknownNotUndefined) {
  EXPECT_TRUE((Dim(INT64_MAX) + Dim(1)).is_unknown());
  EXPECT_TRUE((Dim(INT64_MAX) * Dim(2)).is_unknown());
  EXPECT_TRUE((kSeq * Dim(INT64_MAX) * Dim(2)).is_unknown());
}

TEST(Dim, ReadsAsPeopleWriteIt) {
  EXPECT_EQ((kSeq * 2 + 1).to_string(), "2*seq + 1");
  EXPECT_EQ((kBatch - 3).to_string(), "batch - 3");
  EXPECT_EQ(to_string(SymDims{kBatch, 3, Dim::unknown()}), "[batch, 3, ?]");
}

}  // namespace
}  // namespace thane
