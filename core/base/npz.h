// Reads the arrays of NumPy's npz files: a zip archive of npy files, stored or deflated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lea {

struct NpzArray {
  std::string name;   // as NumPy shows it, without `.npy`
  std::string dtype;  // F64, F32, F16, I64, I32 as in safetensors; others as in NumPy: "|S5"
  std::vector<int64_t> shape;  // empty for a scalar
  bool row_major = true;       // false in Fortran order
  // The size of all elements, where they are numbers of a dtype above or byte strings ("|S5", which
  // are padded with zeros). It is 0 for another dtype.
  uint64_t bytes = 0;
  size_t entry = 0;  // number of the archive's entry
};

// Whether a file that starts with these bytes is a zip archive. At least 4 bytes are needed.
bool begins_as_npz(std::string_view start);

class NpzFile {
 public:
  // Reads the headers of all arrays. Throws DataError "PATH: ..." when the file is missing or
  // damaged.
  explicit NpzFile(const std::string& path);

  const std::vector<NpzArray>& arrays() const { return arrays_; }

  // Reads the elements of one of the arrays into `into`, which has room for array.bytes. The
  // checksum of the archive is compared. Throws DataError.
  void read(const NpzArray& array, char* into) const;

 private:
  std::string path_;
  std::vector<NpzArray> arrays_;
};

}  // namespace lea
