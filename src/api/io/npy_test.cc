#include "api/io/npy.h"

#include <bit>

#include "api/io/npz.h"
#include "api/io/scratch_file.h"

namespace thane {
namespace {

// What numpy.save writes: a version 1.0 header padded to 128 bytes, then `data`.
std::string numpy_file(std::string header, std::string_view data) {
  header.resize(117, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + std::string(data);
}

template <class T>
std::vector<T> elements(const Tensor& tensor) {
  return {tensor.span<T>().begin(), tensor.span<T>().end()};
}

TEST(Npy, ReadsColumnMajor) {  // np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
  using namespace std::string_view_literals;
  auto tensor = read_npy(mapped(numpy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
                                           "\0\0\0\0\0\0\x40\x40\0\0\x80\x3f\0\0\x80\x40\0\0\0\x40\0\0\xa0\x40"sv)));
  ASSERT_TRUE(tensor.ok()) << tensor.error().to_string();
  EXPECT_EQ(tensor->dims(), (Dims{2, 3}));
  EXPECT_EQ(elements<float>(*tensor), (std::vector<float>{0, 1, 2, 3, 4, 5}));
}

TEST(Npy, ReadsBigEndian) {  // np.array([1, -2], dtype='>i4')
  using namespace std::string_view_literals;
  auto tensor = read_npy(
      mapped(numpy_file("{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }", "\0\0\0\x01\xff\xff\xff\xfe"sv)));
  ASSERT_TRUE(tensor.ok()) << tensor.error().to_string();
  EXPECT_EQ(elements<int32_t>(*tensor), (std::vector<int32_t>{1, -2}));
}

TEST(Npy, ReadsText) {  // np.array(['é', 'ab']) and np.array([b'x', b'yz'])
  using namespace std::string_view_literals;
  auto unicode = read_npy(mapped(numpy_file("{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }",
                                            "\xe9\0\0\0\0\0\0\0\x61\0\0\0\x62\0\0\0"sv)));
  ASSERT_TRUE(unicode.ok()) << unicode.error().to_string();
  EXPECT_EQ(elements<std::string>(*unicode), (std::vector<std::string>{"é", "ab"}));
  auto bytes = read_npy(mapped(numpy_file("{'descr': '|S2', 'fortran_order': False, 'shape': (2,), }", "x\0yz"sv)));
  ASSERT_TRUE(bytes.ok()) << bytes.error().to_string();
  EXPECT_EQ(elements<std::string>(*bytes), (std::vector<std::string>{"x", "yz"}));
}

TEST(Npy, WritesWhatNumpyWrites) {
  using namespace std::string_view_literals;
  const float values[] = {1, 2};
  auto written = write_npy(Tensor::vector<float>(values));
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written,
            numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "\0\0\x80\x3f\0\0\0\x40"sv));
  const std::string texts[] = {"a", "xyz"};
  written = write_npy(Tensor::vector<std::string>(texts));
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, numpy_file("{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }", "a\0\0xyz"sv));
  written = write_npy(Tensor::scalar<bool>(true));
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, numpy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", "\x01"));
}

TEST(Npy, SaysWhatIsMissing) {
  auto tensor = read_npy(mapped(numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", "12345")));
  ASSERT_FALSE(tensor.ok());
  EXPECT_NE(tensor.error().to_string().find("5 bytes of data (expected 24 for shape [2, 3] of float32)"),
            std::string::npos)
      << tensor.error().to_string();
  tensor = read_npy(mapped(numpy_file("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "12345678")));
  ASSERT_FALSE(tensor.ok());
  EXPECT_EQ(tensor.error().code, ErrorCode::kUnsupported);
  tensor =
      read_npy(mapped(numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }", "")));
  EXPECT_FALSE(tensor.ok());
}

TEST(Npy, ReinterpretsWhatNumpyLacks) {
  const uint16_t bits[] = {0x3f80, 0xc000};
  const Tensor read = reinterpreted(Tensor::vector<uint16_t>(bits), DType::kBFloat16);
  ASSERT_EQ(read.dtype(), DType::kBFloat16);
  EXPECT_EQ(read.as_double(0), 1);
  EXPECT_EQ(read.as_double(1), -2);
  EXPECT_EQ(reinterpreted(read, DType::kFloat32).dtype(), DType::kBFloat16);
  const int8_t too_big[] = {7, 8};
  EXPECT_EQ(reinterpreted(Tensor::vector<int8_t>(too_big), DType::kInt4).dtype(), DType::kInt8);
}

// np.savez_compressed(f, x=np.zeros(64, np.float32), y=np.array(7, np.int64))
std::string numpy_archive() {
  static const unsigned char kBytes[] = {
      0x50, 0x4b, 0x03, 0x04, 0x2d, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0x45, 0x23, 0x6d, 0xbf, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x05, 0x00, 0x14, 0x00, 0x78, 0x2e, 0x6e, 0x70, 0x79, 0x01, 0x00, 0x10,
      0x00, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x48, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9b, 0xec,
      0x17, 0xea, 0x1b, 0x10, 0xc9, 0xc8, 0x50, 0xc6, 0x50, 0xad, 0x9e, 0x92, 0x5a, 0x9c, 0x5c, 0xa4, 0x6e, 0xa5, 0xa0,
      0x6e, 0x93, 0x66, 0xa2, 0xae, 0xa3, 0xa0, 0x9e, 0x96, 0x5f, 0x54, 0x52, 0x94, 0x98, 0x17, 0x9f, 0x5f, 0x94, 0x92,
      0x0a, 0x12, 0x77, 0x4b, 0xcc, 0x29, 0x4e, 0x05, 0x8a, 0x17, 0x67, 0x24, 0x16, 0xa4, 0x02, 0xf9, 0x1a, 0x66, 0x26,
      0x3a, 0x9a, 0x3a, 0x0a, 0xb5, 0x0a, 0xe4, 0x03, 0x2e, 0x86, 0x11, 0x0e, 0x00, 0x50, 0x4b, 0x03, 0x04, 0x2d, 0x00,
      0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0x23, 0xb8, 0xf0, 0x6c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0x05, 0x00, 0x14, 0x00, 0x79, 0x2e, 0x6e, 0x70, 0x79, 0x01, 0x00, 0x10, 0x00, 0x88, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x46, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9b, 0xec, 0x17, 0xea, 0x1b, 0x10, 0xc9, 0xc8,
      0x50, 0xc6, 0x50, 0xad, 0x9e, 0x92, 0x5a, 0x9c, 0x5c, 0xa4, 0x6e, 0xa5, 0xa0, 0x6e, 0x93, 0x69, 0xa1, 0xae, 0xa3,
      0xa0, 0x9e, 0x96, 0x5f, 0x54, 0x52, 0x94, 0x98, 0x17, 0x9f, 0x5f, 0x94, 0x92, 0x0a, 0x12, 0x77, 0x4b, 0xcc, 0x29,
      0x4e, 0x05, 0x8a, 0x17, 0x67, 0x24, 0x16, 0xa4, 0x02, 0xf9, 0x1a, 0x9a, 0x3a, 0x0a, 0xb5, 0x0a, 0x14, 0x01, 0x2e,
      0x76, 0x06, 0x08, 0x00, 0x00, 0x50, 0x4b, 0x01, 0x02, 0x2d, 0x03, 0x2d, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00,
      0x21, 0x00, 0x45, 0x23, 0x6d, 0xbf, 0x48, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x78, 0x2e, 0x6e, 0x70, 0x79, 0x50,
      0x4b, 0x01, 0x02, 0x2d, 0x03, 0x2d, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0x23, 0xb8, 0xf0, 0x6c,
      0x46, 0x00, 0x00, 0x00, 0x88, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x80, 0x01, 0x7f, 0x00, 0x00, 0x00, 0x79, 0x2e, 0x6e, 0x70, 0x79, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00,
      0x00, 0x02, 0x00, 0x02, 0x00, 0x66, 0x00, 0x00, 0x00, 0xfc, 0x00, 0x00, 0x00, 0x00, 0x00,
  };
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

TEST(Npz, ReadsDeflatedArrays) {
  auto arrays = read_npz(mapped(numpy_archive()));
  ASSERT_TRUE(arrays.ok()) << arrays.error().to_string();
  ASSERT_EQ(arrays->size(), 2u);
  EXPECT_EQ((*arrays)[0].first, "x");
  EXPECT_EQ(elements<float>((*arrays)[0].second), std::vector<float>(64, 0.0f));
  EXPECT_EQ((*arrays)[1].first, "y");
  EXPECT_EQ((*arrays)[1].second.rank(), 0u);
  EXPECT_EQ((*arrays)[1].second.as_int64(0), 7);
}

TEST(Npz, RefusesTruncationAndDamage) {
  const std::string whole = numpy_archive();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_npz(mapped(std::string_view(whole).substr(0, size))).ok()) << size;
  }
  std::string damaged = whole;
  damaged[80] ^= 1;  // inside the deflated data of x
  EXPECT_FALSE(read_npz(mapped(damaged)).ok());
}

TEST(Npy, SurvivesHostileFiles) {
  torture(numpy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", "12345678"),
          [](auto file) { (void)read_npy(std::move(file)); });
  torture(numpy_archive(), [](auto file) { (void)read_npz(std::move(file)); });
}

}  // namespace
}  // namespace thane
