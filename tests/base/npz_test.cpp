#include "core/base/npz.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "core/base/files.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"
#include "tests/lm/damage.h"

namespace lea {
namespace {

const std::string kGolden = LEA_SOURCE_DIR "/tests/golden/npz/";

const NpzArray& array_of(const NpzFile& file, const std::string& name) {
  for (const NpzArray& array : file.arrays()) {
    if (array.name == name) return array;
  }
  throw std::runtime_error("there is no array " + name);
}

template <class T>
std::vector<T> values(const NpzFile& file, const std::string& name) {
  const NpzArray& array = array_of(file, name);
  std::vector<T> values(array.bytes / sizeof(T));
  file.read(array, reinterpret_cast<char*>(values.data()));
  return values;
}

class Npz : public ScratchTest {
 protected:
  // The file with each `from`, of which there is at least one, replaced by `to` of the same length.
  // The checksums are not made anew.
  std::string changed(const std::string& from, const std::string& to,
                      const std::string& file = "arrays.npz") const {
    std::string bytes = read_file(kGolden + file);
    size_t times = 0;
    for (size_t at = 0; (at = bytes.find(from, at)) != std::string::npos; at += to.size(), ++times)
      bytes.replace(at, to.size(), to);
    EXPECT_GT(times, 0u) << from;
    return write("changed.npz", bytes);
  }
  // The message without the path.
  std::string refusal(const std::string& path) const {
    const std::string message = message_of([&] { NpzFile file(path); });
    return message.starts_with(path) ? message.substr(path.size()) : message;
  }
};

TEST_F(Npz, GivesTheArraysThatNumPySaved) {
  for (const char* name : {"arrays.npz", "deflated.npz"}) {
    SCOPED_TRACE(name);
    const NpzFile file(kGolden + name);
    ASSERT_EQ(file.arrays().size(), 9u);
    EXPECT_EQ(array_of(file, "float32").dtype, "F32");
    EXPECT_EQ(array_of(file, "float32").shape, (std::vector<int64_t>{3, 4}));
    EXPECT_EQ(values<float>(file, "float32"),
              (std::vector<float>{0, .25, .5, .75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75}));
    EXPECT_EQ(array_of(file, "float64").dtype, "F64");
    EXPECT_EQ(array_of(file, "float64").shape, std::vector<int64_t>{2});
    EXPECT_EQ(values<double>(file, "float64"), (std::vector<double>{1e300, -0.1}));
    EXPECT_EQ(array_of(file, "float16").dtype, "F16");
    EXPECT_EQ(values<uint16_t>(file, "float16"), (std::vector<uint16_t>{0x3800, 0xc000}));
    EXPECT_EQ(array_of(file, "int64").dtype, "I64");
    EXPECT_EQ(values<int64_t>(file, "int64"), (std::vector<int64_t>{1, int64_t{1} << 40, -3, 0}));
    EXPECT_EQ(array_of(file, "int32").shape, std::vector<int64_t>());
    EXPECT_EQ(values<int32_t>(file, "int32"), std::vector<int32_t>{7});
    EXPECT_EQ(array_of(file, "empty").shape, (std::vector<int64_t>{0, 3}));
    EXPECT_EQ(values<float>(file, "empty"), std::vector<float>());
    EXPECT_EQ(array_of(file, "words").dtype, "|S5");
    const std::vector<char> words = values<char>(file, "words");
    EXPECT_EQ(std::string(words.begin(), words.end()), std::string("one\0\0three", 10));
    EXPECT_EQ(array_of(file, "big_endian").dtype, ">f4");
    EXPECT_FALSE(array_of(file, "fortran").row_major);
    EXPECT_TRUE(array_of(file, "float32").row_major);
  }
}

TEST_F(Npz, RefusesAHeaderThatIsNotOfAPlainArray) {
  const std::string plain = ": not a valid npz file: the header is not that of a plain NumPy array";
  EXPECT_EQ(refusal(changed("'shape': (3, 4)", "'shape': (3, x)")), ": float32.npy" + plain);
  EXPECT_EQ(refusal(changed("'shape': (3, 4)", "'shape': (3,-4)")), ": float32.npy" + plain);
  EXPECT_EQ(refusal(changed("'shape': (3, 4)", "'shapo': (3, 4)")), ": float32.npy" + plain);
  EXPECT_EQ(refusal(changed("'shape': (3, 4)", "'descr': (3, 4)")), ": float32.npy" + plain);
  EXPECT_EQ(refusal(changed("'shape': (3, 4)", "'shape': (3, 4'")), ": float32.npy" + plain);
  EXPECT_EQ(refusal(changed("'shape': (3, 4)", "'shape': (4, 4)")),
            ": float32.npy: not a valid npz file: its shape states another number of bytes than it "
            "has");
  EXPECT_EQ(refusal(changed("\x93NUMPY", "\x93NUMPX")),
            ": float32.npy: not a valid npz file: it is no npy file of version 1, 2 or 3");
  EXPECT_EQ(refusal(changed("float64.npy", "float32.npy")),
            ": float32.npy: not a valid npz file: it is there twice");
  EXPECT_EQ(refusal(changed("float64.npy", "float64.txt")),
            ": float64.txt: not a valid npz file: it is no npy file");
}

TEST_F(Npz, ComparesTheChecksum) {
  const float quarter = 0.25F;
  std::string bytes(reinterpret_cast<const char*>(&quarter), 4);
  const std::string path = changed(bytes, std::string("\0\0\0\x3f", 4));
  const NpzFile file(path);
  const std::string message = message_of([&] { values<float>(file, "float32"); });
  EXPECT_TRUE(message.starts_with(path + ": not a valid npz file: ")) << message;
  EXPECT_NE(message.find("CRC"), std::string::npos) << message;
}

TEST_F(Npz, RefusesWhatIsNoArchiveOrMissing) {
  EXPECT_NE(refusal(write("text.npz", "sequence_id\tposition\n")), "");
  EXPECT_NE(refusal(write("cut.npz", read_file(kGolden + "arrays.npz").substr(0, 700))), "");
  EXPECT_NE(refusal(path("missing.npz")), "");
  EXPECT_TRUE(begins_as_npz(read_file(kGolden + "arrays.npz")));
  EXPECT_FALSE(begins_as_npz("sequence_id"));
  EXPECT_FALSE(begins_as_npz(""));
}

// Reads every array of a known type. Returns why that is refused, or an empty text.
std::string read_all(const std::string& path, size_t size) {
  return message_of([&] {
    const NpzFile file(path);
    for (const NpzArray& array : file.arrays()) {
      ASSERT_LE(array.bytes, (size + 64) * 1100) << "more than the file can hold";
      std::string bytes(array.bytes, ' ');
      if (array.bytes > 0) file.read(array, bytes.data());
    }
  });
}

TEST_F(Npz, DamagedFilesAreReadOrRefusedAndNothingElse) {
  std::mt19937_64 random(5);
  for (const char* name : {"arrays.npz", "deflated.npz"}) {
    const std::string whole = read_file(kGolden + name);
    int read = 0, refused = 0;
    for (int i = 0; i < 150; ++i) {
      std::string one = whole;  // a date, for example, does not matter
      one[random() % one.size()] ^= static_cast<char>(1 << random() % 8);
      const std::string several = lm::damaged(whole, "0123456789(),'{}", &random);
      for (const std::string& bytes : {one, several}) {
        const bool whole_still = read_all(write("damaged.npz", bytes), whole.size()).empty();
        ++(whole_still ? read : refused);
      }
    }
    EXPECT_GT(refused, 150) << name;
    EXPECT_GT(read, 10) << name;
  }
}

}  // namespace
}  // namespace lea
