// An inline static that two libraries define alike. With the flags of a plugin each library has its
// own.
struct Counter {
  static int& value() {
    static int count = 0;
    return count;
  }
};

extern "C" __attribute__((visibility("default"))) int lea_test_count() {
  return ++Counter::value();
}
