# The package `nest`: find_package(nest COMPONENTS core torch) gives nest::nest_core, nest::nest_torch.
#
# Each half is an install component of its own, so that an edge device gets no trace of LibTorch.
include(CMakePackageConfigHelpers)

set(NEST_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/nest)

function(nest_install_half component library)
  install(TARGETS ${library} EXPORT ${library}-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component})
  install(EXPORT ${library}-targets NAMESPACE nest:: FILE ${library}-targets.cmake
    DESTINATION ${NEST_CMAKE_DIR} COMPONENT ${component})
endfunction()

nest_install_half(nest_core nest_core)
# Helpers that the modules share and no user needs; tools/check_public.py checks that no installed header wants one.
set(NEST_INTERNAL_HEADERS
  core/base64 core/hash core/json_number core/memory core/parallel core/shared_library core/suggest core/utf8)
list(JOIN NEST_INTERNAL_HEADERS "|" internal)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nest DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT nest_core FILES_MATCHING PATTERN "*.h"
  PATTERN "nn" EXCLUDE PATTERN "train" EXCLUDE
  REGEX "/nest/(${internal})\\.h$" EXCLUDE)

if(NEST_WITH_TORCH)
  install(TARGETS nest_torch nest_torch_deps EXPORT nest_torch-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT nest_torch)
  install(EXPORT nest_torch-targets NAMESPACE nest:: FILE nest_torch-targets.cmake
    DESTINATION ${NEST_CMAKE_DIR} COMPONENT nest_torch)
  foreach(module nn train)
    if(EXISTS ${PROJECT_SOURCE_DIR}/include/nest/${module})
      install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nest/${module}
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nest COMPONENT nest_torch FILES_MATCHING PATTERN "*.h")
    endif()
  endforeach()
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nestConfig.cmake.in
  ${PROJECT_BINARY_DIR}/nestConfig.cmake INSTALL_DESTINATION ${NEST_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nestConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nestConfig.cmake ${PROJECT_BINARY_DIR}/nestConfigVersion.cmake
  DESTINATION ${NEST_CMAKE_DIR} COMPONENT nest_core)
if(NEST_BUILD_APPS)
  install(TARGETS nest RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT nest_tools)
  if(NEST_WITH_TORCH)
    install(TARGETS nest-torch RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT nest_torch)
  endif()
endif()
