#include "brainflow_library.h"

#include <cstdlib>
#include <filesystem>

#include "nest/core/error.h"
#include "nest/core/shared_library.h"

namespace nest::stream {
namespace {

constexpr const char* kFile = "libBoardController.so";

void* open_library() {
  const char* place = std::getenv("BRAINFLOW_LIB");
  std::filesystem::path named = place == nullptr ? kFile : place;
  if (std::filesystem::is_directory(named)) named /= kFile;
  return open_shared_library({named.c_str()},
                             "install BrainFlow and name its folder lib in BRAINFLOW_LIB to use "
                             "brainflow: sources (pip install brainflow has it)");
}

}  // namespace

BrainFlowLibrary::BrainFlowLibrary() {
  void* handle = open_library();
  const auto load = [&]<class F>(const char* name, F*& function) {
    function = reinterpret_cast<F*>(find_function(handle, name, kFile));
  };
  load("prepare_session", prepare_session);
  load("start_stream", start_stream);
  load("stop_stream", stop_stream);
  load("release_session", release_session);
  load("get_board_data_count", get_board_data_count);
  load("get_board_data", get_board_data);
  load("get_board_descr", get_board_descr);
  load("set_log_level_board_controller", set_log_level);
}

const BrainFlowLibrary& BrainFlowLibrary::instance() {
  static const BrainFlowLibrary library;
  return library;
}

}  // namespace nest::stream
