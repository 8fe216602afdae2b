#include "nest/decode/token_surface.h"

namespace nest::decode {

namespace {

constexpr std::string_view kOpeners[] = {"\xE2\x96\x81", "\xC4\xA0", " "};
constexpr std::string_view kClosers[] = {"</w>", "\xE2\x96\x81", " "};

TokenSurface surface_of(std::string_view piece) {
  TokenSurface surface;
  if (piece == "|") piece = " ";
  for (std::string_view mark : kOpeners) {
    if (piece.starts_with(mark)) {
      surface.boundary_before = true;
      piece.remove_prefix(mark.size());
      break;
    }
  }
  for (std::string_view mark : kClosers) {
    if (piece.ends_with(mark)) {
      surface.boundary_after = true;
      piece.remove_suffix(mark.size());
      break;
    }
  }
  surface.text = std::string(piece);
  return surface;
}

}  // namespace

TokenSurfaces make_surfaces(const std::vector<std::string>& pieces,
                            const std::vector<TokenId>& special, bool pieces_are_words) {
  TokenSurfaces surfaces;
  surfaces.reserve(pieces.size());
  for (const std::string& piece : pieces) {
    surfaces.push_back(pieces_are_words ? TokenSurface{piece, true, true, false}
                                        : surface_of(piece));
  }
  for (TokenId id : special) {
    if (id < 0 || static_cast<std::size_t>(id) >= surfaces.size()) continue;
    surfaces[static_cast<std::size_t>(id)] = TokenSurface{"", false, false, true};
  }
  return surfaces;
}

}  // namespace nest::decode
