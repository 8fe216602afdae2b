# Language level, warnings for own code, sanitizers, ccache.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")

find_program(NEST_CCACHE ccache)
if(NEST_CCACHE)
  # The sloppiness lets ccache serve translation units that use the precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${NEST_CCACHE})
endif()
find_program(NEST_MOLD mold)
if(NEST_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=mold)
endif()

# One behaviour on every machine: no contraction of a*b+c behind the source's back.
add_library(nest_options INTERFACE)
target_compile_options(nest_options INTERFACE -ffp-contract=off -fno-math-errno)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(nest_options INTERFACE -fpch-preprocess)
endif()
if(NEST_STATIC)
  target_compile_definitions(nest_options INTERFACE NEST_STATIC=1)
  set(CMAKE_CXX_FLAGS_RELEASE "-Os")  # the kernels keep their -O3
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-static -Wl,--gc-sections -s)
endif()
if(NEST_ASSERTS)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
if(NEST_SANITIZE)
  add_compile_definitions(NEST_IS_SANITIZED=1)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")  # checks are most of the code; reports keep their lines
  # GCC cannot see through what it instruments and warns of optionals that are checked; Asio's fences, which the thread
  # sanitizer does not follow, stand beside mutexes, which it does.
  add_compile_options(-fsanitize=${NEST_SANITIZE} -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  add_link_options(-fsanitize=${NEST_SANITIZE})
endif()

add_library(nest_warnings INTERFACE)
target_compile_options(nest_warnings INTERFACE -Wall -Wextra -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  # It takes every reference that a function returns for one into its arguments: a name that was put together, say.
  target_compile_options(nest_warnings INTERFACE -Wno-dangling-reference)
endif()
