// Reads and writes the adapter_config.json of an adapter's folder.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/lm/adapter.h"

namespace lea::lm {

inline constexpr const char* kAdapterConfig = "adapter_config.json";
inline constexpr const char* kAdapterTensors = "adapter_model.safetensors";

// Throws DataError when the folder lacks one of the two files, and for a damaged config or one with
// a feature that is not supported.
AdapterConfig read_adapter_config(const std::string& folder);

// All fields but `lora_bias`, as PEFT names them.
nlohmann::ordered_json to_json(const AdapterConfig& config);

}  // namespace lea::lm
