// A grid at work that trains nothing: a process that writes the files of one.
#pragma once

#include <cstdint>
#include <string>

namespace lea::bench {

inline constexpr size_t kCells = 10000, kLiveRuns = 8;

// Makes a lab and a grid of kCells in it, with kLiveRuns at work for so many seconds: each writes its
// curves ten times a second and its beat every two seconds, and every second one of them ends and
// another begins. Prints a line once the grid is there.
void write_live_grid(const std::string& lab, double seconds);

}  // namespace lea::bench
