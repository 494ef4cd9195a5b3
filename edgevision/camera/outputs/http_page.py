"""The page at /: the picture, and the answers beside it. No script or style from elsewhere."""

PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>EdgeVision camera</title>
<style>
body { margin: 0; background: #111; color: #eee; font: 16px/1.4 system-ui, sans-serif }
main { max-width: 960px; margin: 0 auto; padding: 12px }
img { width: 100%; background: #000; min-height: 120px; display: block }
td { padding: 2px 16px 2px 0 }
td + td { text-align: right; font-variant-numeric: tabular-nums }
#state { color: #aaa }
</style>
<main>
<img src="/stream" alt="Live picture with what the model found">
<p id="state">waiting for results</p>
<table id="answers"></table>
</main>
<script>
const state = document.getElementById("state"), table = document.getElementById("answers");
const results = new EventSource("/results");
results.onmessage = event => {
  const r = JSON.parse(event.data);
  state.textContent = `frame ${r.frame}, ${r.age_ms.toFixed(0)} ms old, inference ` +
    `${r.infer_ms.toFixed(1)} ms, ${r.dropped} dropped, steady: ${r.steady.join(", ") || "-"}`;
  const lines = (r.answers || []).map(a => [a.label, a.score.toFixed(2)]).concat(
    (r.outputs || []).map(o => [o.name, o.values ? o.values.join(" ") : `${o.min} .. ${o.max}`]));
  table.replaceChildren(...lines.map(line => {
    const row = document.createElement("tr");
    for (const text of line)
      row.appendChild(document.createElement("td")).textContent = text;
    return row;
  }));
};
results.onerror = () => { state.textContent = "connection lost, trying again"; };
</script>
</html>
"""
