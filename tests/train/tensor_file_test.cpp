#include "core/api/tensor_file.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/base/error.h"

namespace lea {
namespace {

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

TEST(Safetensors, BringsBackEveryTypeAndShape) {
  const std::map<std::string, Tensor> tensors = {
      {"float", torch::randn({3, 4})},
      {"double", torch::randn({2}, torch::kDouble)},
      {"int", torch::arange(6, torch::kInt).view({2, 3})},
      {"long", torch::tensor({int64_t{1} << 40})},
      {"byte", torch::tensor({1, 255}, torch::kByte)},
      {"bool", torch::tensor({true, false, true})},
      {"scalar", torch::tensor(3.5f)},
      {"empty", torch::empty({0, 7})},
  };
  const auto back = decode_safetensors(encode_safetensors(tensors), "test");
  ASSERT_EQ(back.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_TRUE(back.at(name).equal(tensor)) << name;
    EXPECT_EQ(back.at(name).scalar_type(), tensor.scalar_type()) << name;
  }
}

TEST(Safetensors, ReadsWhatTheFormatsOwnDescriptionShows) {
  const std::string data("\x00\x00\x80\x3f\x00\x00\x00\x40", 8);  // 1.0f, 2.0f
  const auto tensors = decode_safetensors(
      file_of(
          R"({"__metadata__": {"a": "b"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})",
          data),
      "x");
  EXPECT_TRUE(tensors.at("w").equal(torch::tensor({1.0f, 2.0f})));
}

TEST(Safetensors, RefusesWhateverIsMalformedAndNamesTheFile) {
  const std::string four(4, '\0');
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"too short", "1234567"},
      {"endless header", std::string(8, '\xff') + "{}"},
      {"not JSON", file_of("{]", "")},
      {"a list", file_of("[]", "")},
      {"no dtype", file_of(R"({"w": {"shape": [1], "data_offsets": [0, 4]}})", four)},
      {"unknown dtype",
       file_of(R"({"w": {"dtype": "F4", "shape": [1], "data_offsets": [0, 4]}})", four)},
      {"negative size",
       file_of(R"({"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}})", four)},
      {"overflow",
       file_of(
           R"({"w": {"dtype": "F32", "shape": [4194305, 4194305, 211106198978564], "data_offsets": [0, 4]}})",
           four)},
      {"reversed",
       file_of(R"({"w": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}})", four)},
      {"past the end",
       file_of(R"({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})", four)},
      {"trailing bytes",
       file_of(R"({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", four + four)},
      {"overlap",
       file_of(
           R"({"v": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})",
           four)},
  };
  for (const auto& [what, bytes] : bad) {
    try {
      decode_safetensors(bytes, "the-file");
      ADD_FAILURE() << what << " was accepted";
    } catch (const DataError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("the-file: not a valid safetensors file: "))
          << error.what();
    }
  }
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string whole =
      encode_safetensors({{"a", torch::ones({2, 2})}, {"b", torch::zeros({3})}});
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(decode_safetensors(whole.substr(0, length), "cut"), DataError) << length;
  }
}

}  // namespace
}  // namespace lea
