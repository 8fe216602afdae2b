# nest_embed(<target> <file> <namespace> <symbol>): compiles a text file in as `const std::string_view symbol`.
function(nest_embed target file namespace symbol)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "#include <string_view>

namespace @namespace@ {

extern const std::string_view @symbol@;
const std::string_view @symbol@ = R\"embedded(@text@)embedded\";

}  // namespace @namespace@
")
  target_sources(${target} PRIVATE ${source})
endfunction()
