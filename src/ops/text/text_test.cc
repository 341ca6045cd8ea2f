#include "ops/text/text.h"

#include "ops/op_test.h"
#include "ops/text/unicode.h"

namespace thane {
namespace {

using testing::elements;
using testing::OpCase;
using testing::strings;
using Strings = std::vector<std::string>;

struct Match {
  const char* pattern;
  const char* text;
  bool matches;  // as RE2 says, by way of ONNX Runtime
};
constexpr Match kMatches[] = {
    {R"()", "", true},
    {R"()", "a", false},
    {R"(a*b?)", "", true},
    {R"(a*b?)", "aab", true},
    {R"(a*b?)", "aba", false},
    {R"((ab|c)+)", "abcab", true},
    {R"((ab|c)+)", "ac", false},
    {R"((ab|c)+)", "", false},
    {R"(.)", "a", true},
    {R"(.)", "é", true},
    {R"(.)", "\n", false},
    {R"(.)", "ÿ", true},
    {R"(.)", "", false},
    {R"((?s).)", "\n", true},
    {R"([^a])", "b", true},
    {R"([^a])", "\n", true},
    {R"([^a])", "a", false},
    {R"([^a])", "日", true},
    {R"(\w+@\w+\.com)", "x@y.com", true},
    {R"(\w+@\w+\.com)", "x@ycom", false},
    {R"(\pL\p{Nd}?\P{L})", "é5-", true},
    {R"(\pL\p{Nd}?\P{L})", "ab", false},
    {R"(\pL\p{Nd}?\P{L})", "a_", true},
    {R"([[:alpha:]_-]+)", "a-b_", true},
    {R"([[:alpha:]_-]+)", "a1", false},
    {R"([[:^digit:]])", "1", false},
    {R"([[:^digit:]])", "x", true},
    {R"(\Qa.b\E+)", "a.bb", true},
    {R"(\Qa.b\E+)", "aXb", false},
    {R"(a{2,3})", "a", false},
    {R"(a{2,3})", "aa", true},
    {R"(a{2,3})", "aaa", true},
    {R"(a{2,3})", "aaaa", false},
    {R"(a{,2})", "a{,2}", true},
    {R"(a{,2})", "aa", false},
    {R"(a{2}b{0})", "aa", true},
    {R"(a{2}b{0})", "aab", false},
    {R"(\x41\x{e9}\101)", "AéA", true},
    {R"((?i)straSSe|é)", "STRASSE", true},
    {R"((?i)straSSe|é)", "É", true},
    {R"((?i)straSSe|é)", "straße", false},
    {R"((?i)[k-l])", "K", true},
    {R"((?i)[k-l])", "L", true},
    {R"((?i)[k-l])", "j", false},
    {R"((?i)[^k])", "K", false},
    {R"((?i)[^k])", "K", false},
    {R"((?i)[^k])", "j", true},
    {R"((?i:a)b)", "Ab", true},
    {R"((?i:a)b)", "AB", false},
    {R"((?m)a$\n^b)", "a\nb", true},
    {R"(a$\nb)", "a\nb", false},
    {R"(\ba\B.)", "ab", true},
    {R"(\ba\B.)", "a ", false},
    {R"(\Aa\z)", "a", true},
    {R"(\Aa\z)", "a\n", false},
    {R"((a*)*b)", "aaaab", true},
    {R"((a*)*b)", "aaaac", false},
    {R"((|a)+)", "", true},
    {R"((|a)+)", "aa", true},
    {R"((?P<year>[0-9]{4})-(?:0[1-9]|1[0-2]))", "2024-07", true},
    {R"((?P<year>[0-9]{4})-(?:0[1-9]|1[0-2]))", "2024-13", false},
    {R"([]a]+)", "]a", true},
    {R"([]a]+)", "[", false},
    {R"([a\]-]+)", "a]-", true},
    {R"([a\]-]+)", "b", false},
    {R"(x(?-i)Y|(?i)z)", "xY", true},
    {R"(x(?-i)Y|(?i)z)", "Z", true},
    {R"(x(?-i)Y|(?i)z)", "xy", false},
    {R"((?U)a+?)", "aaa", true},
};

TEST(Regex, AgreesWithRe2) {
  for (const Match& each : kMatches) {
    const auto regex = Regex::compile(each.pattern);
    ASSERT_TRUE(regex.ok()) << regex.error().to_string();
    EXPECT_EQ((*regex)->full_match(each.text), each.matches) << each.pattern << " on " << each.text;
  }
  EXPECT_FALSE((*Regex::compile("."))->full_match("\xff"));  // no UTF-8
  EXPECT_FALSE((*Regex::compile("[^a]"))->full_match("\xc3"));
}

TEST(Regex, RefusesWhatRe2Refuses) {
  for (const char* pattern :
       {"(",    ")",           "a**",  "*a",  "a{1001}",   "[a",    "(?=a)", "(?<!a)", "[b-a]", "\\pX", "a{2}{3}",
        "(?z)", "\\x{110000}", "\\xg", "\\y", "[[:foo:]]", "(?P<n", "\\1",   "a++",    "\\",    "\xff"}) {
    EXPECT_FALSE(Regex::compile(pattern).ok()) << pattern;
  }
}

// Patterns that make backtracking matchers run for ages, or compilers grow without bound.
TEST(Regex, HostilePatterns) {
  const std::string text(2000, 'a');
  EXPECT_FALSE((*Regex::compile("(a*)*(a*)*(a*)*b"))->full_match(text));
  EXPECT_FALSE((*Regex::compile("((a|aa)+|(a|a)*)*c"))->full_match(text));
  EXPECT_FALSE(Regex::compile("((a{1000}){1000}){1000}").ok());
  EXPECT_FALSE(Regex::compile("((((){1000}){1000}){1000}){1000}").ok());
  EXPECT_FALSE(Regex::compile(std::string(5000, '(')).ok());
}

// Python's str.lower and str.upper.
TEST(Unicode, CaseMappings) {
  EXPECT_EQ(map_case("ÀÉÎ ΑΣ ЖЯ Ǆ ẞ İ 1_\xff", to_lower), "àéî ασ жя ǆ ß İ 1_\xff");
  EXPECT_EQ(map_case("àéî ας жя ǆ ß ÿ ꭰ 𐐨", to_upper), "ÀÉÎ ΑΣ ЖЯ Ǆ ß Ÿ Ꭰ 𐐀");
  EXPECT_EQ(full_upper_case("Straße ﬃ ŉ \xff"), "STRASSE FFI ʼN \xff");
  EXPECT_EQ(full_lower_case("STRASSE İ"), "strasse i̇");
  EXPECT_EQ(category_bit(U'é'), *category_mask("Ll"));
  EXPECT_EQ(category_bit(U'日'), *category_mask("Lo"));
  EXPECT_EQ(category_bit(0x10ffff), *category_mask("Cn"));
  EXPECT_FALSE(category_mask("Xx"));
}

TEST(StringSplit, AsPython) {
  const auto split = [](auto&& op, const char* text) {
    const auto out = op.input(strings({1}, {text})).outputs(2).run_all();
    return elements<std::string>((*out)[0].tensor());
  };
  EXPECT_EQ(split(OpCase("StringSplit").attr("maxsplit", 1), "  a \t b  c  "), (Strings{"a", "b  c  "}));
  EXPECT_EQ(split(OpCase("StringSplit").attr("maxsplit", 0), " a b "), (Strings{"a b "}));
  EXPECT_EQ(split(OpCase("StringSplit"), "  "), Strings{});
  EXPECT_EQ(split(OpCase("StringSplit").attr("delimiter", "ab"), "abxabab"), (Strings{"", "x", "", ""}));
  EXPECT_EQ(split(OpCase("StringSplit").attr("delimiter", ","), ""), (Strings{""}));
}

TEST(StringNormalizer, StopWordsInAnyCase) {
  const auto out = OpCase("StringNormalizer")
                       .input(strings({1, 3}, {"ÉTÉ", "Monday", "x"}))
                       .attr("stopwords", AttrValue(Strings{"été", "X"}))
                       .attr("case_change_action", "UPPER")
                       .run();
  EXPECT_EQ(elements<std::string>(*out), (Strings{"MONDAY"}));
  EXPECT_EQ(to_string(out->dims()), "[1, 1]");
  EXPECT_NE(OpCase("StringNormalizer").input(strings({2, 1}, {"a", "b"})).error(), "");
}

TEST(TfIdfVectorizer, BrokenPools) {
  const auto error = [](Dims counts, Dims indexes, int64_t most) {
    return OpCase("TfIdfVectorizer")
        .input(testing::ints({1, 2}))
        .attr("mode", "TF")
        .attr("min_gram_length", 1)
        .attr("max_gram_length", AttrValue(most))
        .attr("max_skip_count", AttrValue(std::numeric_limits<int64_t>::max()))
        .attr("ngram_counts", counts)
        .attr("ngram_indexes", indexes)
        .attr("pool_int64s", Dims{1, 2, 1, 2})
        .error();
  };
  EXPECT_EQ(error({0, 2}, {0, 1, 2}, std::numeric_limits<int64_t>::max()), "");
  EXPECT_NE(error({0, 1}, {0, 1, 2}, 2), "");
  EXPECT_NE(error({0, 9}, {0, 1, 2}, 2), "");
  EXPECT_NE(error({2, 0}, {0, 1, 2}, 2), "");
  EXPECT_NE(error({0, 2}, {0, 1}, 2), "");
  EXPECT_NE(error({0, 2}, {0, -1, 2}, 2), "");
  EXPECT_NE(error({0, 2}, {0, std::numeric_limits<int64_t>::max(), 2}, 2), "");
  EXPECT_NE(error({0, 2}, {0, 1, 2}, 0), "");
}

}  // namespace
}  // namespace thane
