# Every dependency comes from the distribution's packages (tools/setup.sh installs them).
function(nest_require_package name debian)
  find_package(${name} ${ARGN} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${name} not found. Install it: apt-get install ${debian} (or run tools/setup.sh)")
  endif()
endfunction()

nest_require_package(fmt libfmt-dev)
nest_require_package(spdlog libspdlog-dev)
nest_require_package(nlohmann_json nlohmann-json3-dev)
nest_require_package(yaml-cpp libyaml-cpp-dev)
nest_require_package(CLI11 libcli11-dev)
nest_require_package(OpenSSL libssl-dev)
nest_require_package(ZLIB zlib1g-dev)
nest_require_package(Threads libc6-dev)

# nest_require_library(<library> <header> <debian package>): for packages without a CMake config.
function(nest_require_library library header debian)
  find_library(NEST_LIB_${library} ${library})
  find_path(NEST_INCLUDE_${library} ${header})
  if(NOT NEST_LIB_${library} OR NOT NEST_INCLUDE_${library})
    message(FATAL_ERROR "${library} not found. Install it: apt-get install ${debian} (or run tools/setup.sh)")
  endif()
endfunction()

nest_require_library(utf8proc utf8proc.h libutf8proc-dev)
nest_require_library(sentencepiece sentencepiece_processor.h libsentencepiece-dev)
nest_require_package(Eigen3 libeigen3-dev)
