#include "eval/report_parts.h"

namespace nest::eval::report {

std::string_view style_sheet() {
  return R"css(
:root { color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f7fa; --ink: #1b2430; --soft: #5b6776; --line: #d8dee6;
  --accent: #1f66b8; --bad: #b3261e; --good: #1d7a46; --sub: #b06a00; --ins: #7a3fb0; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12161c; --panel: #1b212a; --ink: #e7ebf1; --soft: #9aa7b7; --line: #333d4a;
  --accent: #6cabf5; --bad: #ff8a80; --good: #6fd39b; --sub: #f0b25c; --ins: #c79bf2; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.25rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: .4rem 0; } .soft { color: var(--soft); font-size: .875rem; }
.cards { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
  margin: 1rem 0; }
.card, figure, .example { background: var(--panel); border: 1px solid var(--line);
  border-radius: .6rem; padding: .75rem .9rem; margin: 0; min-width: 0; }
.card b { display: block; font-size: 1.55rem; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: .8rem; display: block; }
.plots { columns: 24rem 2; column-gap: .9rem; }
.plots > * { break-inside: avoid; margin: 0 0 .9rem; }
.example { margin-bottom: .9rem; }
figcaption { color: var(--soft); font-size: .8rem; margin-top: .35rem; }
svg { display: block; width: 100%; height: auto; max-width: 34rem; }
svg text { fill: var(--ink); font: 11px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
svg text.soft { fill: var(--soft); font-size: 11px; } svg .axis { stroke: var(--line); stroke-width: 1; }
svg .bar { fill: var(--accent); } svg .ghost { fill: var(--accent); fill-opacity: .3; }
svg .whisker { stroke: var(--ink); stroke-width: 1.4; } svg .mark { fill: var(--bad); }
svg .rule { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 3 3; }
svg .trace { fill: none; stroke: var(--accent); stroke-width: .9; }
svg .token { fill: var(--accent); fill-opacity: .12; stroke: var(--accent); stroke-opacity: .5; }
.scroll { overflow-x: auto; } .scroll svg.wide { min-width: 40rem; max-width: none; }
table { border-collapse: collapse; width: 100%; font-size: .875rem;
  font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .55rem; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.text { white-space: normal; min-width: 12rem; overflow-wrap: anywhere; }
.align { display: flex; flex-wrap: wrap; gap: .2rem; margin: .4rem 0; }
.align div { display: grid; text-align: center; padding: .05rem .35rem; border-radius: .3rem;
  border: 1px solid var(--line); font-size: .875rem; min-width: 1.4rem; }
.align i { font: 600 .65rem/1.2 system-ui, sans-serif; min-height: .8rem; }
.align .S { border-color: var(--sub); } .align .S i { color: var(--sub); }
.align .D { border-color: var(--bad); } .align .D i { color: var(--bad); }
.align .I { border-color: var(--ins); } .align .I i { color: var(--ins); }
@media (max-width: 40rem) { .checks tr { display: block; padding: .35rem 0;
  border-bottom: 1px solid var(--line); } .checks tr:first-child { display: none; }
  .checks td { display: inline-block; border: 0; padding: .1rem .4rem .1rem 0; }
  .checks td:last-child { display: block; min-width: 0; } }
.ok { color: var(--good); font-weight: 600; } .fail { color: var(--bad); font-weight: 600; }
code { font: .8rem ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
)css";
}

}  // namespace nest::eval::report
