// Where the results index of a lab lies. The index can be made again from the run folders, so it
// need not lie in the lab:
//
//   $LEALAB_INDEX is set                   $LEALAB_INDEX/LAB/results.sqlite
//   the lab is on a network file system    STATE/lealab/index/LAB/results.sqlite
//   otherwise                              lab/results.sqlite
//
// STATE is $XDG_STATE_HOME, or ~/.local/state when that is not set. LAB is the name of the lab's
// folder, a dash, and a hash of its real path, so labs never share an index. Two hosts have an
// index each. An index inside a lab is ignored when another place applies.
#pragma once

#include <functional>
#include <string>

namespace lea::db {

struct IndexPlace {
  std::string folder;
  bool outside = false;  // outside the lab; then the folder may not exist yet

  std::string file() const;  // the database
  std::string lock() const;  // locked by its writer
};

// What the place depends on, besides the lab.
struct Surroundings {
  std::string forced;      // $LEALAB_INDEX
  std::string state_home;  // $XDG_STATE_HOME
  std::string home;        // $HOME
  // The name of the network file system that holds an existing path; empty for a local one.
  std::function<std::string(const std::string&)> network;
};

// The environment of this process.
Surroundings surroundings();

// Throws StoreError when the place would be on a network file system, where SQLite's locks do not
// hold, or when no place is known. Makes no folder.
IndexPlace index_place(const std::string& lab, const Surroundings& around = surroundings());

}  // namespace lea::db
