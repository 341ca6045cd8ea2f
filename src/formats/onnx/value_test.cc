#include "formats/onnx/value.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace thane {
namespace {

Result<Value> read(const std::string& bytes, const Type& type) {
  const std::string path = testing::TempDir() + "thane_value_" + std::to_string(::getpid()) + ".pb";
  std::ofstream(path, std::ios::binary) << bytes;
  auto file = MappedFile::open(path);
  std::remove(path.c_str());
  if (!file.ok()) return std::move(file).error();
  return read_onnx_value(std::move(*file), type);
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

// The messages below were written by onnx 1.22 (helper.make_tensor, make_sequence, …).
Tensor tensor_of(const std::string& hex) {
  auto value = read(from_hex(hex), Type::tensor(DType::kUndefined));
  EXPECT_TRUE(value.ok()) << value.error().to_string();
  return value->tensor();
}

TEST(OnnxValue, ReadsTypedData) {
  const Tensor half = tensor_of("0802100a2a058078808003420174");
  EXPECT_EQ(half.dtype(), DType::kFloat16);
  EXPECT_EQ(half.as_double(0), 1.0);
  EXPECT_EQ(half.as_double(1), -2.0);
  const Tensor nibbles = tensor_of("080310162a03f10108420174");
  EXPECT_EQ(nibbles.as_int64(0), 1);
  EXPECT_EQ(nibbles.as_int64(1), -1);
  EXPECT_EQ(nibbles.as_int64(2), -8);
  const Tensor pairs = tensor_of("080510192a023901420174");
  EXPECT_EQ(pairs.dtype(), DType::kUInt2);
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(pairs.as_int64(i), (Dims{1, 2, 3, 0, 1}[static_cast<size_t>(i)]));
  const Tensor complex = tensor_of("0801100e22080000803f00000040420174");
  EXPECT_EQ(*complex.data<std::complex<float>>(), std::complex<float>(1, 2));
  const Tensor wide = tensor_of("0802100c4201745a0601ffffffff0f");
  EXPECT_EQ(wide.as_int64(1), 4294967295);
  EXPECT_EQ(tensor_of("080110102a02c07f420174").as_double(0), 1.5);
}

TEST(OnnxValue, ReadsSequencesMapsAndOptionals) {
  const auto sequence = read(from_hex("0a017310011a0a080210054a04010002001a0a0801080110054a020300"),
                             Type::sequence(Type::tensor(DType::kInt16)));
  ASSERT_TRUE(sequence.ok()) << sequence.error().to_string();
  ASSERT_EQ(sequence->sequence().items.size(), 2u);
  EXPECT_EQ(sequence->sequence().items[1].tensor().dims(), (Dims{1, 1}));

  const auto map = read(from_hex("0a016d10082201612201622a190a017610011a0810014a040000c03f1a0810014a04000000c0"),
                        Type::map(DType::kString, Type::tensor(DType::kFloat32)));
  ASSERT_TRUE(map.ok()) << map.error().to_string();
  EXPECT_EQ(map->map().keys.data<std::string>()[1], "b");
  EXPECT_EQ(map->map().values.as_double(1), -2.0);

  const Type optional_strings = Type::optional(Type::tensor(DType::kString));
  const auto held = read(from_hex("0a016f10011a0b080210083201783202797a"), optional_strings);
  ASSERT_TRUE(held.ok()) << held.error().to_string();
  EXPECT_EQ(held->tensor().data<std::string>()[1], "yz");
  const auto nothing = read(from_hex("0a016e1000"), optional_strings);
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->empty());
}

TEST(OnnxValue, WritesWhatOnnxWrites) {
  const auto sequence = read(from_hex("0a017310011a0a080210054a04010002001a0a0801080110054a020300"),
                             Type::sequence(Type::tensor(DType::kInt16)));
  ASSERT_TRUE(sequence.ok());
  const auto written = write_onnx_value(*sequence, "s");
  ASSERT_TRUE(written.ok());
  const auto again = read(*written, Type::sequence(Type::tensor(DType::kInt16)));
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(identical(again->sequence().items[i].tensor(), sequence->sequence().items[i].tensor()));
  }
  // int4 [1, -1, -8]: dims packed, the elements as raw bytes.
  const Tensor nibbles = tensor_of("080310162a03f10108420174");
  EXPECT_EQ(write_onnx_tensor(nibbles, "t"),
            from_hex("0a0103") + from_hex("1016") + from_hex("420174") + from_hex("4a02f108"));
}

TEST(OnnxValue, RefusesDamage) {
  const std::string whole = from_hex("0a016d10082201612201622a190a017610011a0810014a040000c03f1a0810014a04000000c0");
  const Type type = Type::map(DType::kString, Type::tensor(DType::kFloat32));
  for (size_t n = 1; n < whole.size(); ++n) read(whole.substr(0, n), type).ok();  // no crash, whatever the verdict
  EXPECT_FALSE(read(whole.substr(0, whole.size() - 1), type).ok());
  EXPECT_FALSE(
      read(from_hex("0a016d10082201612201622a0d0a017610011a0810014a040000c03f"), type).ok());  // 2 keys, 1 value
}

}  // namespace
}  // namespace thane
