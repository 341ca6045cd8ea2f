#include "formats/containers/pickle.h"

#include <gtest/gtest.h>

#include <cstring>

#include "formats/containers/pickle_literals.h"
#include "formats/containers/pickle_text.h"

namespace thane {
namespace {

using namespace std::string_view_literals;
using Kind = PickleValue::Kind;

Result<std::shared_ptr<PickleTree>> decode(std::string_view bytes) {
  auto buffer = allocate_buffer(bytes.size());
  std::memcpy((*buffer)->data(), bytes.data(), bytes.size());
  const std::span<const std::byte> view((*buffer)->data(), bytes.size());
  return decode_pickle(*buffer, view, {});
}

std::string text(std::string_view bytes) {
  const auto tree = decode(bytes);
  return tree.ok() ? pickle_text((*tree)->root(), 1000) : tree.error().to_string();
}

// What Python's pickle.dumps makes of the value on the right, protocol by protocol.
TEST(Pickle, ReadsWhatPythonWrites) {
  EXPECT_EQ(text("(dp0\nVa\np1\nI1\nsVb\np2\n(lp3\nF2.5\naI01\naNas."), "{'a': 1, 'b': [2.5, True, None]}");
  EXPECT_EQ(text("}q\x00(X\x01\x00\x00\x00"
                 "aq\x01K\x01X\x01\x00\x00\x00"
                 "bq\x02]q\x03(G@\x04\x00\x00\x00\x00\x00\x00I01\nNeu."sv),
            "{'a': 1, 'b': [2.5, True, None]}");
  EXPECT_EQ(text("\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01"
                 "a\x94K\x01\x8c\x01"
                 "b\x94]\x94(G@\x04\x00\x00\x00\x00\x00\x00\x88Neu."sv),
            "{'a': 1, 'b': [2.5, True, None]}");
  EXPECT_EQ(text("\x80\x02(K\x01J\xff\xff\xff\xffM\x39\x30\x8a\x01\x80\x8a\x00t."sv), "(1, -1, 12345, -128, 0)");
  EXPECT_EQ(text("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."sv), "0x1950a86a20f9469cfc6c");
  EXPECT_EQ(text("S'it\\'s \\x41\\n'\n."), "'it\\'s A\\x0a'");
  EXPECT_EQ(text("\x80\x02K\x05\x85."sv), "(5,)");
  EXPECT_EQ(text("\x80\x05\x96\x03\x00\x00\x00\x00\x00\x00\x00"
                 "abc."sv),
            "<3 bytes>");
}

TEST(Pickle, MakesContainersItself) {
  EXPECT_EQ(text("c__builtin__\nset\n((lI1\naI2\natR."), "{1, 2}");
  EXPECT_EQ(text("ccollections\nOrderedDict\n((lp0\n(lVa\naI1\naatR."), "{'a': 1}");
  EXPECT_EQ(text("ccollections\nOrderedDict\n)RVk\nI7\ns."), "{'k': 7}");
}

TEST(Pickle, KeepsCallsInert) {
  const auto tree = decode("cos\nsystem\n(S'true'\ntR.");
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ((*tree)->root().kind, Kind::kObject);
  EXPECT_EQ((*tree)->root().global(), "os.system");
  EXPECT_EQ((*tree)->foreign_globals().count("os.system"), 1u);
  EXPECT_EQ(text("ca.b\nC\n)\x81}Vx\nI1\nsb."), "a.b.C(x=1)");
}

TEST(Pickle, SharesThroughTheMemo) {
  const auto tree = decode("(lp0\n(lp1\nag1\na.");
  ASSERT_TRUE(tree.ok());
  ASSERT_EQ((*tree)->root().items.size(), 2u);
  EXPECT_EQ((*tree)->root().items[0], (*tree)->root().items[1]);
  EXPECT_EQ(text("(lp0\ng0\na.").substr(0, 6), "[[[[[[");  // a list in itself
}

TEST(Pickle, SaysWhereItBreaks) {
  for (const auto bytes : {""sv, "N"sv, "a."sv, "(."sv, "\xff."sv, "g7\n."sv, "X\xff\xff\xff\xffxy."sv,
                           "(K\x01"
                           "d."sv}) {
    const auto tree = decode(bytes);
    ASSERT_FALSE(tree.ok()) << bytes;
    EXPECT_EQ(tree.error().code, ErrorCode::kInvalidModel);
  }
  EXPECT_FALSE(decode("Nr\xff\xff\xff\xff.").ok());
  EXPECT_FALSE(decode("\x80\x02\x82\x01)R."sv).ok());  // an extension code
}

TEST(PickleLiterals, Decode) {
  EXPECT_EQ(unescape_unicode("a\\u00e9\\U0001f600\\n"), "a\xc3\xa9\xf0\x9f\x98\x80\\n");
  EXPECT_EQ(hexadecimal("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "-0x1");
  EXPECT_EQ(latin1_from_utf8("\xc3\xa9"), "\xe9");
  EXPECT_EQ(latin1_from_utf8("\xe2\x82\xac"), std::nullopt);
}

}  // namespace
}  // namespace thane
