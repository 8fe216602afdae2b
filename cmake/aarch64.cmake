# Cross-compilation for 64-bit Arm with Debian's cross compiler; tests run under qemu-user.
#
# tools/test_neon.sh fills NEST_SYSROOT (default: build/aarch64-sysroot) with Debian's arm64 packages.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

if(NOT NEST_SYSROOT)
  set(NEST_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/aarch64-sysroot")
endif()
get_filename_component(CMAKE_SYSROOT "${NEST_SYSROOT}" ABSOLUTE)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NEST_SYSROOT)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# "max" has the dot-product extension.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu max -L "${CMAKE_SYSROOT}")
