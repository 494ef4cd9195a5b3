"""How the report looks: in light, in the dark, and on paper."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2126; --quiet: #5d6670;
  --rule: #dfe3e8; --panel: #f6f7f9; --warn: #8a5300;
  --k0: #1f6fb2; --k1: #d1611a; --k2: #6b7480; --k3: #a3367f; --k4: #1b8a6b; --k5: #8d6a00; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e7eaee;
  --quiet: #9aa4af; --rule: #2f353c; --panel: #1c2024; --warn: #f0b35a;
  --k0: #6cb2ee; --k1: #f59a5d; --k2: #9aa4af; --k3: #e287c5; --k4: #56c9a5; --k5: #dcb64a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 1080px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 8px; } h2 { font-size: 20px; margin: 32px 0 4px; }
h3 { font-size: 16px; margin: 28px 0 8px; }
.facts, footer, figcaption { color: var(--quiet); } figcaption strong { color: var(--ink); }
.doubts { color: var(--warn); padding-left: 20px; }
.wide { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
td, th { padding: 5px 9px; border-bottom: 1px solid var(--rule); text-align: right;
  white-space: nowrap; font-weight: normal; }
th:first-child { text-align: left; font-weight: 600; } tr:first-child th { color: var(--quiet); }
.confusion td { min-width: 30px; text-align: center; border: 1px solid var(--rule);
  background: color-mix(in srgb, var(--k0) calc(var(--v) * 75%), transparent); }
.confusion tr:first-child th { vertical-align: bottom; }
.confusion tr:first-child span { writing-mode: vertical-rl; transform: rotate(180deg); }
figure { margin: 28px 0; max-width: 820px; } .chart { display: block; width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
svg .label { fill: var(--ink); font-weight: 600; } svg .axis { font-size: 12px; }
.grid { stroke: var(--rule); } .unity { stroke: var(--quiet); stroke-dasharray: 4 3; }
.mark { stroke: var(--k); stroke-width: 2; } .bar { stroke: var(--k); stroke-width: 5;
  stroke-opacity: .45; stroke-linecap: round; }
.thin { stroke: var(--k); stroke-opacity: .6; stroke-width: 1.5; }
.line, .front { fill: none; stroke: var(--k); stroke-width: 1.8; }
.front { stroke: var(--quiet); stroke-dasharray: 5 4; }
.fill { fill: var(--k); } .soft { fill-opacity: .35; }
.hollow { fill: var(--paper); stroke: var(--k); stroke-width: 2; }
.limit { fill: var(--k1); fill-opacity: .18; }
.c0 { --k: var(--k0); } .c1 { --k: var(--k1); } .c2 { --k: var(--k2); }
.c3 { --k: var(--k3); } .c4 { --k: var(--k4); } .c5 { --k: var(--k5); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 12px; }
.card { background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
  padding: 8px; font-size: 12px; break-inside: avoid; overflow-wrap: anywhere; }
.card img, .noimage { display: block; width: 100%; height: 150px; object-fit: contain;
  margin-bottom: 6px; }
.noimage { display: grid; place-items: center; color: var(--quiet); }
.share { height: 5px; background: var(--rule); border-radius: 3px; margin: 2px 0 5px; }
.share i { display: block; height: 100%; background: var(--k0); border-radius: 3px; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } figure, tr { break-inside:
  avoid; } .wide { overflow: visible; } td, th { padding: 2px 4px; font-size: 9px; }
  * { print-color-adjust: exact; } }
"""
