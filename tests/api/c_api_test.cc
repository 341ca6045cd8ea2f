// The C API from outside. Runs in examples/digits.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include <thane/thane.h>

namespace {

class CApi : public testing::Test {
 protected:
  void SetUp() override {
    error = thane_error_new();
    ASSERT_EQ(thane_model_load("digits.onnx", nullptr, &model, error), THANE_OK) << thane_error_text(error);
    ASSERT_EQ(thane_session_new(model, nullptr, &session, error), THANE_OK) << thane_error_text(error);
  }
  void TearDown() override {
    thane_session_free(session);
    thane_model_free(model);
    thane_error_free(error);
  }
  thane_error* error = nullptr;
  thane_model* model = nullptr;
  thane_session* session = nullptr;
};

TEST_F(CApi, DescribesInputsAndOutputs) {
  ASSERT_EQ(thane_model_input_count(model), 1u);
  const thane_value_info* image = thane_model_input(model, 0);
  EXPECT_STREQ(image->name, "image");
  EXPECT_EQ(image->dtype, THANE_FLOAT32);
  ASSERT_EQ(image->rank, 4);
  EXPECT_EQ(image->dims[0], -1);
  EXPECT_STREQ(image->symbols[0], "batch");
  EXPECT_EQ(image->dims[2], 8);
  EXPECT_EQ(thane_model_input(model, 1), nullptr);
  EXPECT_STREQ(thane_model_output(model, 0)->name, "logits");
  EXPECT_STREQ(thane_model_format(model), "onnx");
}

TEST_F(CApi, GivesPyTorchsNumbers) {
  thane_value *input = nullptr, *expected = nullptr, *output = nullptr, *again = nullptr;
  ASSERT_EQ(thane_npy_read("digits.npy", &input, error), THANE_OK) << thane_error_text(error);
  ASSERT_EQ(thane_npy_read("expected.npy", &expected, error), THANE_OK);
  ASSERT_EQ(thane_session_run(session, &input, 1, &output, 1, error), THANE_OK) << thane_error_text(error);
  const char* name = "image";
  ASSERT_EQ(thane_session_run_named(session, &name, &input, 1, &again, 1, error), THANE_OK) << thane_error_text(error);
  ASSERT_EQ(thane_value_size(output), thane_value_size(expected));
  ASSERT_EQ(thane_value_dtype(output), THANE_FLOAT32);
  const auto* values = static_cast<const float*>(thane_value_data(output));
  const auto* repeated = static_cast<const float*>(thane_value_data(again));
  const auto* reference = static_cast<const float*>(thane_value_data(expected));
  for (size_t i = 0; i < thane_value_size(output); ++i) {
    ASSERT_NEAR(values[i], reference[i], 1e-4) << i;
    ASSERT_EQ(values[i], repeated[i]) << i;
  }
  for (thane_value* value : {input, expected, output, again}) thane_value_free(value);
}

TEST_F(CApi, ReportsErrors) {
  thane_model* none = model;
  EXPECT_EQ(thane_model_load("no-such-file.onnx", nullptr, &none, error), THANE_IO);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(thane_error_code(error), THANE_IO);
  EXPECT_NE(std::string(thane_error_text(error)).find("no-such-file.onnx"), std::string::npos);
  EXPECT_EQ(thane_model_load(nullptr, nullptr, &none, nullptr), THANE_INVALID_ARGUMENT);
  EXPECT_EQ(thane_model_load("digits.onnx", nullptr, nullptr, nullptr), THANE_INVALID_ARGUMENT);

  const float pixels[64] = {};
  const int64_t dims[] = {1, 8, 8, 1};
  thane_value *wrong = nullptr, *output = wrong;
  ASSERT_EQ(thane_tensor_borrow(THANE_FLOAT32, dims, 4, pixels, sizeof pixels, &wrong, error), THANE_OK);
  EXPECT_EQ(thane_session_run(session, &wrong, 1, &output, 1, error), THANE_INVALID_ARGUMENT);
  EXPECT_EQ(output, nullptr);
  EXPECT_STREQ(thane_error_expected(error), "float32[batch, 1, 8, 8]");
  EXPECT_EQ(thane_session_run(session, &wrong, 1, &output, 0, error), THANE_INVALID_ARGUMENT);
  const char* name = "picture";
  EXPECT_EQ(thane_session_run_named(session, &name, &wrong, 1, &output, 1, error), THANE_INVALID_ARGUMENT);
  EXPECT_STREQ(thane_error_expected(error), "'image'");
  thane_value_free(wrong);
  EXPECT_EQ(thane_tensor_copy(THANE_FLOAT32, dims, 4, pixels, 3, &wrong, error), THANE_INVALID_ARGUMENT);
  EXPECT_EQ(wrong, nullptr);
}

TEST_F(CApi, ChoosesEntryPointsAndResetsStates) {
  EXPECT_STREQ(thane_model_entry_point(model), "");  // ONNX files have one, without a name
  EXPECT_EQ(thane_model_entry_point_count(model), 0u);
  EXPECT_EQ(thane_model_entry_point_name(model, 0), nullptr);
  thane_load_options* options = thane_load_options_new();
  thane_model* other = nullptr;
  EXPECT_EQ(thane_load_options_set_entry_point(options, nullptr), THANE_OK);
  ASSERT_EQ(thane_model_load("digits.onnx", options, &other, error), THANE_OK) << thane_error_text(error);
  thane_model_free(other);
  EXPECT_EQ(thane_load_options_set_entry_point(options, "serving_default"), THANE_OK);
  EXPECT_EQ(thane_model_load("digits.onnx", options, &other, error), THANE_INVALID_ARGUMENT);
  EXPECT_EQ(other, nullptr);
  EXPECT_STREQ(thane_error_message(error), "entry point 'serving_default'");
  EXPECT_EQ(thane_load_options_add_output(options, "logits"), THANE_OK);
  EXPECT_EQ(thane_load_options_add_output(options, nullptr), THANE_INVALID_ARGUMENT);
  thane_load_options_free(options);
  thane_session_reset_states(session);
  thane_session_reset_states(nullptr);
}

TEST_F(CApi, HoldsStringsSequencesAndMaps) {
  const int64_t two[] = {2};
  const char* const texts[] = {"eins", "zwei"};
  const float numbers[] = {1, 2};
  thane_value *keys = nullptr, *values = nullptr, *map = nullptr, *sequence = nullptr, *item = nullptr,
              *found = nullptr;
  ASSERT_EQ(thane_tensor_strings(two, 1, texts, nullptr, 2, &keys, error), THANE_OK);
  size_t length = 0;
  EXPECT_STREQ(thane_value_string(keys, 1, &length), "zwei");
  EXPECT_EQ(length, 4u);
  EXPECT_EQ(thane_value_string(keys, 2, nullptr), nullptr);
  EXPECT_EQ(thane_value_data(keys), nullptr);
  ASSERT_EQ(thane_tensor_copy(THANE_FLOAT32, two, 1, numbers, sizeof numbers, &values, error), THANE_OK);
  ASSERT_EQ(thane_map_new(keys, values, &map, error), THANE_OK);
  EXPECT_EQ(thane_map_new(values, values, &found, error), THANE_INVALID_ARGUMENT);
  const thane_value* const items[] = {map, values};
  ASSERT_EQ(thane_sequence_new(items, 2, THANE_UNDEFINED, &sequence, error), THANE_OK);
  EXPECT_EQ(thane_sequence_count(sequence), 2u);
  ASSERT_EQ(thane_sequence_item(sequence, 0, &item, error), THANE_OK);
  EXPECT_EQ(thane_value_kind(item), THANE_MAP);
  ASSERT_EQ(thane_map_values(item, &found, error), THANE_OK);
  EXPECT_EQ(static_cast<const float*>(thane_value_data(found))[1], 2);
  thane_value_free(found);
  EXPECT_EQ(thane_sequence_item(sequence, 2, &found, error), THANE_INVALID_ARGUMENT);
  for (thane_value* value : {keys, values, map, sequence, item, found}) thane_value_free(value);
}

TEST_F(CApi, RefusesBooleansThatAreNone) {
  const unsigned char flags[] = {0, 2};
  const int64_t two[] = {2};
  thane_value *value = nullptr, *output = nullptr;
  ASSERT_EQ(thane_tensor_copy(THANE_BOOL, two, 1, flags, 2, &value, error), THANE_OK);
  EXPECT_EQ(thane_session_run(session, &value, 1, &output, 1, error), THANE_INVALID_ARGUMENT);
  EXPECT_STREQ(thane_error_message(error), "element 1 is 2");
  thane_value_free(value);
}

TEST(CApiVersion, MatchesTheHeader) { EXPECT_STREQ(thane_version(), THANE_VERSION); }

}  // namespace
