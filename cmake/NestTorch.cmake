# LibTorch and the precompiled header that every torch module and test shares.
find_package(Torch QUIET REQUIRED)

add_library(nest_torch_deps INTERFACE)
target_include_directories(nest_torch_deps SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(nest_torch_deps INTERFACE ${TORCH_LIBRARIES})

file(WRITE ${CMAKE_BINARY_DIR}/nest_torch_pch.cc "// carries the precompiled header\n")
add_library(nest_torch_pch OBJECT ${CMAKE_BINARY_DIR}/nest_torch_pch.cc)
target_link_libraries(nest_torch_pch PRIVATE nest_torch_deps nest_options ${NEST_FMT})
target_precompile_headers(nest_torch_pch PRIVATE <torch/torch.h>)
