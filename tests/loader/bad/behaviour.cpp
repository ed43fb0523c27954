// One way of being bad, chosen by LEA_TEST_BAD. Every test plugin leaves a marker when its
// constructors run.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "tests/loader/bad/hooks.h"

#define LEA_TEST_NOTHING 0
#define LEA_TEST_CONSTRUCTOR_THROWS 1
#define LEA_TEST_CONSTRUCTOR_EXITS 2
#define LEA_TEST_CONSTRUCTOR_HANGS 3
#define LEA_TEST_REGISTER_THROWS 4
#define LEA_TEST_REGISTER_THROWS_INT 5
#define LEA_TEST_REGISTER_OTHER_ID 6
#define LEA_TEST_CALL_CRASHES 7
#define LEA_TEST_CALL_HANGS 8
#define LEA_TEST_CALL_EXITS 9
#define LEA_TEST_CALL_THROWS 10
#define LEA_TEST_CALL_GIVES_NAN 11
#define LEA_TEST_CALL_GIVES_WRONG_SHAPE 12
#define LEA_TEST_UNDEFINED_SYMBOL 13
#define LEA_TEST_PRINTS 14
#define LEA_TEST_FILLS_MEMORY 15
#define LEA_TEST_ADDED_NUMBER 16
#define LEA_TEST_ADDED_ENVIRONMENT 17
#define LEA_TEST_ADDED_TOO_EARLY 18
#define LEA_TEST_HAS_ARTEFACTS 19

#if LEA_TEST_BAD == LEA_TEST_UNDEFINED_SYMBOL
void lea_test_no_such_function();
#endif

namespace {

[[noreturn]] [[maybe_unused]] void hang() {
  for (;;) pause();
}

struct Constructor {
  Constructor() {
    if (const char* marker = std::getenv("LEA_TEST_MARKER"); marker != nullptr) {
      const int file = open(marker, O_CREAT | O_WRONLY, 0600);
      if (file >= 0) close(file);
    }
#if LEA_TEST_BAD == LEA_TEST_CONSTRUCTOR_THROWS
    throw std::runtime_error("thrown by a constructor");
#elif LEA_TEST_BAD == LEA_TEST_CONSTRUCTOR_EXITS
    std::exit(0);
#elif LEA_TEST_BAD == LEA_TEST_CONSTRUCTOR_HANGS
    hang();
#elif LEA_TEST_BAD == LEA_TEST_PRINTS
    std::puts("{\"state\": \"enabled\", \"plugins\": []}");
    std::fflush(stdout);
#endif
  }
};
const Constructor constructor;

}  // namespace

const char* lea_test_register() {
#if LEA_TEST_BAD == LEA_TEST_REGISTER_THROWS
  throw std::runtime_error("thrown while registering");
#elif LEA_TEST_BAD == LEA_TEST_REGISTER_THROWS_INT
  throw 42;
#elif LEA_TEST_BAD == LEA_TEST_REGISTER_OTHER_ID
  return "test.other";
#else
  return "test.bad";
#endif
}

void TestParams::fields([[maybe_unused]] lea::Fields& fields) {
#if LEA_TEST_BAD == LEA_TEST_ADDED_NUMBER
  fields.integer("number", number, {0, 9}, "a number");
  fields.added("number");
#elif LEA_TEST_BAD == LEA_TEST_ADDED_ENVIRONMENT
  fields.environment("of", name, "an environment");
  fields.added("of");
#elif LEA_TEST_BAD == LEA_TEST_ADDED_TOO_EARLY
  fields.added("number");
  fields.integer("number", number, {0, 9}, "a number");
#endif
}

std::vector<lea::Artefact> lea_test_artefacts() {
#if LEA_TEST_BAD == LEA_TEST_HAS_ARTEFACTS
  return {{"states", "", {}, {"texts"}, "state", 1}, {"rewards", "states", {}, {}, "reward", 1}};
#else
  return {};
#endif
}

Answer lea_test_first_call() {
#if LEA_TEST_BAD == LEA_TEST_CALL_CRASHES
  std::raise(SIGSEGV);
#elif LEA_TEST_BAD == LEA_TEST_CALL_HANGS
  hang();
#elif LEA_TEST_BAD == LEA_TEST_CALL_EXITS
  std::exit(0);
#elif LEA_TEST_BAD == LEA_TEST_CALL_THROWS
  throw std::runtime_error("thrown by encode");
#elif LEA_TEST_BAD == LEA_TEST_CALL_GIVES_NAN
  return kNotANumber;
#elif LEA_TEST_BAD == LEA_TEST_CALL_GIVES_WRONG_SHAPE
  return kWrongShape;
#elif LEA_TEST_BAD == LEA_TEST_UNDEFINED_SYMBOL
  lea_test_no_such_function();
#elif LEA_TEST_BAD == LEA_TEST_FILLS_MEMORY
  for (;;) {
    // volatile: the compiler may not drop an allocation that is never used.
    char* volatile block = new char[size_t{1} << 30];
    block[0] = 1;
  }
#endif
  return kGood;
}
