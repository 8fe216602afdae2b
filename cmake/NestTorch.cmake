# LibTorch and the precompiled header that every torch module and test shares.
find_package(Torch QUIET REQUIRED)

add_library(nest_torch_deps INTERFACE)
target_include_directories(nest_torch_deps SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
# LibTorch needs libprotobuf, SentencePiece libprotobuf-lite, and both define the same symbols. The full
# library must come first in the program's own list, or LibTorch crashes in the lite one at start.
find_library(NEST_PROTOBUF protobuf REQUIRED)
target_link_libraries(nest_torch_deps INTERFACE
  -Wl,--push-state,--no-as-needed ${NEST_PROTOBUF} -Wl,--pop-state ${TORCH_LIBRARIES})

file(WRITE ${CMAKE_BINARY_DIR}/nest_torch_pch.cc "// carries the precompiled header\n")
add_library(nest_torch_pch OBJECT ${CMAKE_BINARY_DIR}/nest_torch_pch.cc)
target_link_libraries(nest_torch_pch PRIVATE nest_torch_deps nest_options fmt::fmt)
target_precompile_headers(nest_torch_pch PRIVATE <torch/torch.h>)
