# Every dependency comes from the distribution's packages (tools/setup.sh installs them).
function(nest_require_package name debian)
  find_package(${name} ${ARGN} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${name} not found. Install it: apt-get install ${debian} (or run tools/setup.sh)")
  endif()
endfunction()

if(NEST_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(ZLIB_USE_STATIC_LIBS ON)
endif()

nest_require_package(fmt libfmt-dev)
nest_require_package(nlohmann_json nlohmann-json3-dev)
nest_require_package(yaml-cpp libyaml-cpp-dev)
nest_require_package(CLI11 libcli11-dev)
nest_require_package(OpenSSL libssl-dev)
nest_require_package(ZLIB zlib1g-dev)
nest_require_package(Threads libc6-dev)

set(NEST_FMT fmt::fmt)
if(NEST_STATIC)
  # Debian has no archive of this one, but it can be compiled along; and its CMake files know the shared
  # library of yaml-cpp only.
  set(NEST_FMT fmt::fmt-header-only)
  find_library(NEST_LIB_yaml-cpp yaml-cpp REQUIRED)
  get_target_property(configurations yaml-cpp IMPORTED_CONFIGURATIONS)
  foreach(configuration IN LISTS configurations)
    set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION_${configuration} ${NEST_LIB_yaml-cpp})
  endforeach()
endif()

# nest_require_library(<library> <header> <debian package>): for packages without a CMake config.
function(nest_require_library library header debian)
  find_library(NEST_LIB_${library} ${library})
  find_path(NEST_INCLUDE_${library} ${header})
  if(NOT NEST_LIB_${library} OR NOT NEST_INCLUDE_${library})
    message(FATAL_ERROR "${library} not found. Install it: apt-get install ${debian} (or run tools/setup.sh)")
  endif()
endfunction()

nest_require_library(utf8proc utf8proc.h libutf8proc-dev)
nest_require_package(Eigen3 libeigen3-dev)
if(NEST_WITH_HDF5)
  find_path(NEST_INCLUDE_HDF5 hdf5.h PATH_SUFFIXES hdf5/serial)
  nest_require_library(hdf5_serial hdf5/serial/hdf5.h libhdf5-dev)
endif()
if(NEST_BUILD_TESTS)
  nest_require_library(matio matio.h libmatio-dev)  # writes the tests' MATLAB files
endif()
nest_require_library(pugixml pugixml.hpp libpugixml-dev)
nest_require_library(sodium sodium.h libsodium-dev)
