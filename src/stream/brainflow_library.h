#pragma once

namespace nest::stream {

/// The part of BrainFlow's C interface that is used here (board_controller.h, version 5), opened at
/// run time: the file or folder that BRAINFLOW_LIB names, else libBoardController.so.
struct BrainFlowLibrary {
  static constexpr int kOk = 0;             ///< BrainFlowExitCodes::STATUS_OK
  static constexpr int kDefaultPreset = 0;  ///< of a board's signals
  static constexpr int kNoLog = 6;

  int (*prepare_session)(int board, const char* parameters) = nullptr;
  int (*start_stream)(int buffer_samples, const char* streamer, int board,
                      const char* parameters) = nullptr;
  int (*stop_stream)(int board, const char* parameters) = nullptr;
  int (*release_session)(int board, const char* parameters) = nullptr;
  int (*get_board_data_count)(int preset, int* count, int board, const char* parameters) = nullptr;
  int (*get_board_data)(int count, int preset, double* into, int board,
                        const char* parameters) = nullptr;
  /// Versions before 5.17 take no `room`, which the calling conventions of C ignore.
  int (*get_board_descr)(int board, int preset, char* json, int* length, int room) = nullptr;
  int (*set_log_level)(int level) = nullptr;

  /// State: thread-safe. Errors: Unsupported if BrainFlow is not installed or lacks a function.
  static const BrainFlowLibrary& instance();

 private:
  BrainFlowLibrary();
};

}  // namespace nest::stream
