#pragma once

#include <cstdint>

namespace nest::stream {

/// The part of liblsl's C interface that is used here (lsl_c.h, protocol 1.10 and later), opened at
/// run time.
struct LslLibrary {
  using Handle = void*;
  static constexpr std::int32_t kTimeout = -1, kLost = -2;  ///< error codes
  static constexpr int kString = 3;                         ///< channel format of markers
  static constexpr unsigned kClockSync = 1;                 ///< stamps are in this machine's clock

  int (*resolve_byprop)(Handle*, std::uint32_t, const char*, const char*, std::int32_t,
                        double) = nullptr;
  int (*resolve_bypred)(Handle*, std::uint32_t, const char*, std::int32_t, double) = nullptr;
  int (*resolve_all)(Handle*, std::uint32_t, double) = nullptr;
  Handle (*create_inlet)(Handle, std::int32_t, std::int32_t, std::int32_t) = nullptr;
  void (*destroy_inlet)(Handle) = nullptr;
  void (*open_stream)(Handle, double, std::int32_t*) = nullptr;
  Handle (*get_fullinfo)(Handle, double, std::int32_t*) = nullptr;
  std::int32_t (*set_postprocessing)(Handle, std::uint32_t) = nullptr;
  unsigned long (*pull_chunk_f)(Handle, float*, double*, unsigned long, unsigned long, double,
                                std::int32_t*) = nullptr;

  void (*destroy_streaminfo)(Handle) = nullptr;
  const char* (*get_name)(Handle) = nullptr;
  const char* (*get_type)(Handle) = nullptr;
  const char* (*get_source_id)(Handle) = nullptr;
  const char* (*get_hostname)(Handle) = nullptr;
  std::int32_t (*get_channel_count)(Handle) = nullptr;
  std::int32_t (*get_channel_format)(Handle) = nullptr;
  double (*get_nominal_srate)(Handle) = nullptr;
  Handle (*get_desc)(Handle) = nullptr;
  Handle (*child)(Handle, const char*) = nullptr;
  Handle (*next_sibling_n)(Handle, const char*) = nullptr;
  const char* (*child_value_n)(Handle, const char*) = nullptr;
  std::int32_t (*empty)(Handle) = nullptr;

  Handle (*create_streaminfo)(const char*, const char*, std::int32_t, double, int,
                              const char*) = nullptr;
  Handle (*append_child)(Handle, const char*) = nullptr;
  Handle (*append_child_value)(Handle, const char*, const char*) = nullptr;
  Handle (*create_outlet)(Handle, std::int32_t, std::int32_t) = nullptr;
  void (*destroy_outlet)(Handle) = nullptr;
  std::int32_t (*push_sample_strtp)(Handle, const char**, double, std::int32_t) = nullptr;
  std::int32_t (*wait_for_consumers)(Handle, double) = nullptr;
  double (*local_clock)() = nullptr;

  /// State: thread-safe. Errors: Unsupported if liblsl.so is not installed or lacks a function.
  static const LslLibrary& instance();

 private:
  LslLibrary();
};

}  // namespace nest::stream
