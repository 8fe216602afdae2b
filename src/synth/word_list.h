#pragma once

#include <string_view>

// The words of the grammar, most frequent first; singular and plural lists run in parallel.
namespace nest::synth {

inline constexpr std::string_view kDetSingular[] = {"the",  "a",  "this", "every",
                                                    "that", "my", "your"};
inline constexpr std::string_view kDetPlural[] = {"the",   "some", "these", "many",
                                                  "those", "our",  "two"};
inline constexpr std::string_view kAdjectives[] = {
    "small", "old",   "new",   "big",   "young", "red",    "quiet", "warm",   "cold",    "green",
    "dark",  "happy", "tall",  "slow",  "clean", "bright", "heavy", "kind",   "strange", "brave",
    "white", "soft",  "empty", "short", "wild",  "calm",   "early", "broken", "simple",  "blue"};
inline constexpr std::string_view kNounsSingular[] = {
    "man",    "woman",  "child",   "dog",   "cat",    "doctor", "bird",  "teacher",
    "friend", "horse",  "girl",    "boy",   "book",   "letter", "house", "car",
    "tree",   "song",   "picture", "door",  "river",  "farmer", "king",  "queen",
    "sailor", "artist", "stone",   "box",   "ball",   "lamp",   "cup",   "map",
    "garden", "table",  "window",  "baker", "singer", "fox",    "mouse", "boat"};
inline constexpr std::string_view kNounsPlural[] = {
    "men",     "women",   "children", "dogs",   "cats",    "doctors", "birds",  "teachers",
    "friends", "horses",  "girls",    "boys",   "books",   "letters", "houses", "cars",
    "trees",   "songs",   "pictures", "doors",  "rivers",  "farmers", "kings",  "queens",
    "sailors", "artists", "stones",   "boxes",  "balls",   "lamps",   "cups",   "maps",
    "gardens", "tables",  "windows",  "bakers", "singers", "foxes",   "mice",   "boats"};
inline constexpr std::string_view kNames[] = {"anna", "tom",  "maria", "peter", "lucy",
                                              "john", "emma", "paul",  "clara", "henry"};
inline constexpr std::string_view kPronounsSingular[] = {"she", "he", "it", "everyone", "nobody"};
inline constexpr std::string_view kPronounsPlural[] = {"they", "we", "you"};
inline constexpr std::string_view kPrepositions[] = {"in", "near",   "behind", "under",
                                                     "on", "beside", "at",     "above"};
inline constexpr std::string_view kPlacesSingular[] = {
    "house",  "garden", "street", "city", "forest",  "kitchen", "school", "field", "bridge",
    "market", "lake",   "hill",   "room", "village", "station", "church", "tower", "island"};
inline constexpr std::string_view kPlacesPlural[] = {
    "houses",  "gardens", "streets", "cities", "forests",  "fields",   "bridges",
    "markets", "lakes",   "hills",   "rooms",  "villages", "mountains"};
inline constexpr std::string_view kVerbsSingular[] = {
    "sleeps", "runs",  "waits", "sings", "smiles", "works", "falls",
    "walks",  "stays", "jumps", "swims", "laughs", "rests", "dances"};
inline constexpr std::string_view kVerbsPlural[] = {"sleep", "run",   "wait", "sing", "smile",
                                                    "work",  "fall",  "walk", "stay", "jump",
                                                    "swim",  "laugh", "rest", "dance"};
inline constexpr std::string_view kAdverbs[] = {"slowly",  "now",     "here",  "today",
                                                "quickly", "often",   "there", "again",
                                                "alone",   "outside", "well",  "early"};
inline constexpr std::string_view kTransitiveSingular[] = {
    "sees",    "likes", "finds",  "takes",  "holds",   "wants", "knows",
    "follows", "hears", "brings", "paints", "carries", "loves", "opens",
    "leaves",  "needs", "moves",  "buys",   "draws",   "cleans"};
inline constexpr std::string_view kTransitivePlural[] = {
    "see",   "like",  "find", "take", "hold",  "want", "know", "follow", "hear", "bring",
    "paint", "carry", "love", "open", "leave", "need", "move", "buy",    "draw", "clean"};
inline constexpr std::string_view kBeSingular[] = {"is", "was", "looks", "seems"};
inline constexpr std::string_view kBePlural[] = {"are", "were", "look", "seem"};
inline constexpr std::string_view kDegrees[] = {"very", "not", "so", "quite", "too"};

}  // namespace nest::synth
