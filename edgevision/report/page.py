"""The whole report: results in, one HTML text out."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgevision.report import latency_chart, operations_chart, pareto_chart, sustained_chart, tables
from edgevision.report.markup import Markup, join, tag
from edgevision.report.style import STYLE
from edgevision.report.tables import Thumbnail

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The browser itself refuses any request: what is in the file is all there is."""


def _no_picture(_id: str) -> None:
    return None


def render(
    runs: Sequence[Mapping[str, Any]],
    *,
    layers: Sequence[Mapping[str, Any]] = (),
    thumbnail: Thumbnail = _no_picture,
    title: str = "EdgeVision report",
) -> str:
    """The report on the "runs" of one or more results of `edgevision bench`, as HTML.

    Args:
        runs: one a machine, as in the JSON document.
        layers: error of each layer, dicts with "name" and "sqnr_db".
        thumbnail: JPEG bytes of an image by its id, for those answered otherwise.
        title: of the page.
    """
    return "<!doctype html>\n" + tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("title", title),
            tag("style", Markup(STYLE)),
        ),
        tag(
            "body",
            tag("h1", title),
            *(_machine(run, thumbnail) for run in runs),
            operations_chart.layer_errors(layers),
            tag("footer", "Made by edgevision report; raw samples are in the JSON results."),
        ),
        lang="en",
    )


def _machine(run: Mapping[str, Any], thumbnail: Thumbnail) -> Markup:
    host, models, classes = run["host"], run["models"], run.get("classes") or ()
    facts = [host["machine"], host["cpu"], host["architecture"], f"{host['usable_cpus']} CPUs"]
    facts += [host["os"], f"governor {host['governor']}" if host["governor"] else ""]
    facts += [models[0]["latency"]["runtime"], run["created"]]
    if run.get("data"):
        images = (models[0].get("quality") or {}).get("images")
        facts.append(f"{images} images of {run['data']}")
    doubts = [*run["warnings"]]
    doubts += [f"{model['name']}: {text}" for model in models for text in model["warnings"]]
    return tag(
        "section",
        tag("h2", host["machine"] or run["target"]),
        tag("p", " · ".join(fact for fact in facts if fact), class_="facts"),
        tag("ul", *(tag("li", text) for text in doubts), class_="doubts") if doubts else "",
        tables.costs(models, run["ratios"]),
        tables.worths(models),
        latency_chart.distribution(models),
        latency_chart.ratios(run),
        pareto_chart.accuracy_charts(models),
        join(*(operations_chart.operations(model) for model in models)),
        join(*(sustained_chart.sustained(model) for model in models)),
        join(*(tables.confusion(model, classes) for model in models)),
        join(*(tables.flips(model, thumbnail) for model in models)),
    )
