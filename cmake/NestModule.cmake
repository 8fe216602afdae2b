# nest_module(<name> CLOSURE core|torch [SMALL] SOURCES a.cc b.cc [LINK lib ...])
#
# SMALL: describes, reads and writes, and computes nothing that takes time: compiled for size, a third to a half of its code less.
# One object library a module; nest_core and nest_torch gather them, so that a user links one library
# and the include table (tools/check_includes.py) stays the only statement of who may use whom.
# nest_precompiled_header(<target> [<header> ...]): the headers nearly every source includes, compiled once.
function(nest_precompiled_header target)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${target}.cc CONTENT "// carries the precompiled header\n")
  add_library(${target} OBJECT ${CMAKE_BINARY_DIR}/${target}.cc)
  target_link_libraries(${target} PRIVATE nest_options ${NEST_FMT})
  target_precompile_headers(${target} PRIVATE
    <algorithm> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional> <set> <span> <string>
    <string_view> <unordered_map> <utility> <vector> <fmt/format.h> <nlohmann/json.hpp> ${ARGN})
endfunction()
nest_precompiled_header(nest_core_pch)
set(NEST_SMALL $<$<CONFIG:Release>:-Os>)
nest_precompiled_header(nest_small_pch)
target_compile_options(nest_small_pch PRIVATE ${NEST_SMALL})

# nest_use_precompiled(<program> <carrier>): the same for a program. The headers are made with -fPIC; a program would ask
# for -fPIE.
function(nest_use_precompiled program carrier)
  set_target_properties(${program} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${program} PRIVATE -fPIC)
  target_precompile_headers(${program} REUSE_FROM ${carrier})
endfunction()

# nest_unity(<target>): 32 of its sources a translation unit, if the build asks for that.
function(nest_unity target)
  if(NEST_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 32)
    # A class that hides its parts in an unnamed namespace is still of one file. And a unit takes
    # most of a gigabyte, so the compiler need not collect garbage before.
    target_compile_options(${target} PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage> $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1048576>)
  endif()
endfunction()

function(nest_module name)
  cmake_parse_arguments(M "SMALL" "CLOSURE" "SOURCES;LINK" ${ARGN})
  set(target nest_module_${name})
  add_library(${target} OBJECT ${M_SOURCES})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE nest_warnings nest_options)
  target_link_libraries(${target} PUBLIC ${NEST_FMT} ${M_LINK})
  if(M_CLOSURE STREQUAL "torch")
    target_link_libraries(${target} PUBLIC nest_torch_deps)
    target_precompile_headers(${target} REUSE_FROM nest_torch_pch)
    # LibTorch's templates cost more than these sources, so there is no build without this.
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
  elseif(M_SMALL)
    target_compile_options(${target} PRIVATE ${NEST_SMALL})
    target_precompile_headers(${target} REUSE_FROM nest_small_pch)
  else()
    target_precompile_headers(${target} REUSE_FROM nest_core_pch)
  endif()
  if(NOT M_CLOSURE STREQUAL "torch")
    nest_unity(${target})
  endif()
  set_property(GLOBAL APPEND PROPERTY NEST_MODULES_${M_CLOSURE} ${target})
  set_property(GLOBAL APPEND PROPERTY NEST_LINK_${M_CLOSURE} ${M_LINK})
endfunction()

# nest_closure(<library> <closure> [LINK lib ...]): the library that gathers a closure's modules.
function(nest_closure library closure)
  cmake_parse_arguments(C "" "" "LINK" ${ARGN})
  get_property(modules GLOBAL PROPERTY NEST_MODULES_${closure})
  get_property(links GLOBAL PROPERTY NEST_LINK_${closure})
  list(REMOVE_DUPLICATES links)
  add_library(${library} STATIC)
  foreach(module IN LISTS modules)
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:${module}>)
  endforeach()
  target_include_directories(${library} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${library} PUBLIC cxx_std_20)
  target_link_libraries(${library} PUBLIC ${NEST_FMT} ${links} ${C_LINK})
  if(closure STREQUAL "torch")
    target_link_libraries(${library} PUBLIC nest_torch_deps)
  endif()
  set_target_properties(${library} PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME ${library})
  add_library(nest::${library} ALIAS ${library})
endfunction()
