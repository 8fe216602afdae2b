#include "lsl_library.h"

#include <dlfcn.h>

#include "nest/core/error.h"
#include "nest/core/shared_library.h"

namespace nest::stream {
namespace {

template <class F>
void load(void* handle, const char* name, F*& function) {
  function = reinterpret_cast<F*>(::dlsym(handle, name));
  require(function != nullptr, ErrorCode::kUnsupported, "liblsl.so has no function {}", name);
}

}  // namespace

LslLibrary::LslLibrary() {
  void* handle = open_shared_library({"liblsl.so", "liblsl.so.2", "liblsl.so.1", "liblsl64.so"},
                                     "install Lab Streaming Layer's library to use lsl: sources");
  load(handle, "lsl_resolve_byprop", resolve_byprop);
  load(handle, "lsl_resolve_bypred", resolve_bypred);
  load(handle, "lsl_create_inlet", create_inlet);
  load(handle, "lsl_destroy_inlet", destroy_inlet);
  load(handle, "lsl_open_stream", open_stream);
  load(handle, "lsl_get_fullinfo", get_fullinfo);
  load(handle, "lsl_set_postprocessing", set_postprocessing);
  load(handle, "lsl_pull_chunk_f", pull_chunk_f);
  load(handle, "lsl_destroy_streaminfo", destroy_streaminfo);
  load(handle, "lsl_get_name", get_name);
  load(handle, "lsl_get_channel_count", get_channel_count);
  load(handle, "lsl_get_channel_format", get_channel_format);
  load(handle, "lsl_get_nominal_srate", get_nominal_srate);
  load(handle, "lsl_get_desc", get_desc);
  load(handle, "lsl_child", child);
  load(handle, "lsl_next_sibling_n", next_sibling_n);
  load(handle, "lsl_child_value_n", child_value_n);
  load(handle, "lsl_empty", empty);
  load(handle, "lsl_resolve_all", resolve_all);
  load(handle, "lsl_get_type", get_type);
  load(handle, "lsl_get_source_id", get_source_id);
  load(handle, "lsl_get_hostname", get_hostname);
  load(handle, "lsl_create_streaminfo", create_streaminfo);
  load(handle, "lsl_append_child", append_child);
  load(handle, "lsl_append_child_value", append_child_value);
  load(handle, "lsl_create_outlet", create_outlet);
  load(handle, "lsl_destroy_outlet", destroy_outlet);
  load(handle, "lsl_push_sample_strtp", push_sample_strtp);
  load(handle, "lsl_wait_for_consumers", wait_for_consumers);
  load(handle, "lsl_local_clock", local_clock);
}

const LslLibrary& LslLibrary::instance() {
  static const LslLibrary library;
  return library;
}

}  // namespace nest::stream
