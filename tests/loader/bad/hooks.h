// Where behaviour.cpp acts inside a test plugin.
#pragma once

enum Answer { kGood, kNotANumber, kWrongShape };

const char* lea_test_register();  // in lea_register; the id to register
Answer lea_test_first_call();     // in encode()
