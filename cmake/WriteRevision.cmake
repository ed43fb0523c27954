# cmake -DSOURCE=TREE -DOUTPUT=FILE.cpp -P WriteRevision.cmake: writes the git revision of the tree as a source
# file, and whether the tracked files are those of the revision. A file that is right already keeps its time, so
# that nothing is compiled again. The revision is empty where the tree is no checkout of its own: an unpacked
# archive may lie inside the checkout of something else.
set(revision "")
set(clean true)
find_program(GIT git)
if(GIT)
  # Without the lock, a build and another git command may look at the tree at once.
  set(git ${GIT} --no-optional-locks -C ${SOURCE})
  execute_process(COMMAND ${git} rev-parse --show-toplevel
                  OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(REAL_PATH ${SOURCE} tree)
  if(top STREQUAL tree)
    execute_process(COMMAND ${git} rev-parse --verify --quiet HEAD
                    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND ${git} status --porcelain --untracked-files=no
                    OUTPUT_VARIABLE changes RESULT_VARIABLE failed ERROR_QUIET)
    if(failed OR NOT changes STREQUAL "")
      set(clean false)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "// Made by cmake/WriteRevision.cmake.
#include \"core/worker/revision.h\"

namespace lea::worker {

Revision built_from() { return {\"${revision}\", ${clean}}; }

}  // namespace lea::worker
")
