// Where behaviour.cpp acts inside a test plugin.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/spec/artefact.h"
#include "core/spec/params.h"

enum Answer { kGood, kNotANumber, kWrongShape };

struct TestParams {
  int64_t number = 0;
  std::string name;
  void fields(lea::Fields& fields);
};

const char* lea_test_register();                  // in lea_register; the id to register
std::vector<lea::Artefact> lea_test_artefacts();  // in lea_register
Answer lea_test_first_call();                     // in encode()
