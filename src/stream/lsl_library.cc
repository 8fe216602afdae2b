#include "lsl_library.h"

#include "nest/core/error.h"
#include "nest/core/shared_library.h"

namespace nest::stream {
LslLibrary::LslLibrary() {
  void* handle = open_shared_library({"liblsl.so", "liblsl.so.2", "liblsl.so.1", "liblsl64.so"},
                                     "install Lab Streaming Layer's library to use lsl: sources");
  const auto load = [&]<class F>(const char* name, F*& function) {
    function = reinterpret_cast<F*>(find_function(handle, name, "liblsl.so"));
  };
  load("lsl_resolve_byprop", resolve_byprop);
  load("lsl_resolve_bypred", resolve_bypred);
  load("lsl_create_inlet", create_inlet);
  load("lsl_destroy_inlet", destroy_inlet);
  load("lsl_open_stream", open_stream);
  load("lsl_get_fullinfo", get_fullinfo);
  load("lsl_set_postprocessing", set_postprocessing);
  load("lsl_pull_chunk_f", pull_chunk_f);
  load("lsl_destroy_streaminfo", destroy_streaminfo);
  load("lsl_get_name", get_name);
  load("lsl_get_channel_count", get_channel_count);
  load("lsl_get_channel_format", get_channel_format);
  load("lsl_get_nominal_srate", get_nominal_srate);
  load("lsl_get_desc", get_desc);
  load("lsl_child", child);
  load("lsl_next_sibling_n", next_sibling_n);
  load("lsl_child_value_n", child_value_n);
  load("lsl_empty", empty);
  load("lsl_resolve_all", resolve_all);
  load("lsl_get_type", get_type);
  load("lsl_get_source_id", get_source_id);
  load("lsl_get_hostname", get_hostname);
  load("lsl_create_streaminfo", create_streaminfo);
  load("lsl_append_child", append_child);
  load("lsl_append_child_value", append_child_value);
  load("lsl_create_outlet", create_outlet);
  load("lsl_destroy_outlet", destroy_outlet);
  load("lsl_push_sample_strtp", push_sample_strtp);
  load("lsl_wait_for_consumers", wait_for_consumers);
  load("lsl_local_clock", local_clock);
}

const LslLibrary& LslLibrary::instance() {
  static const LslLibrary library;
  return library;
}

}  // namespace nest::stream
