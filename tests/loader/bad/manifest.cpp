// The manifest and the ABI tag of a test plugin. LEA_TEST_CHANGE alters the tag, as if it had been
// built by another compiler or against another LibTorch.
#include "core/api/plugin.h"

#ifndef LEA_TEST_CHANGE
#define LEA_TEST_CHANGE
#endif

namespace {

constexpr lea::AbiTag changed_tag() {
  lea::AbiTag tag = lea::make_abi_tag();
  LEA_TEST_CHANGE;
  return tag;
}

}  // namespace

extern "C" {
__attribute__((visibility("default"))) extern const char lea_manifest[];
__attribute__((used, section(".leaplug"))) const char lea_manifest[] =
    "{\"version\": \"1.0.0\", \"provides\": [{\"kind\": \"backbone\", \"id\": \"test.bad\"}]}";
__attribute__((visibility("default"))) extern const lea::AbiTag lea_abi_tag;
__attribute__((used, section(".leatag"))) constexpr lea::AbiTag lea_abi_tag = changed_tag();
}
