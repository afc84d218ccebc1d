"""The report's pages: they nest, their links lead somewhere, every number leads to its runs, none is heavy."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from pipeline.errors import UserError
from pipeline.exhibits import cells, claims, figures, outputs, report
from pipeline.exhibits.report import environment
from pipeline.exhibits.report import study as drawn
from pipeline.exhibits.tables import build
from tests.kit import exhibits as kit

STUDIES = ("ssl", "classification", "ood")


class Page(HTMLParser):
    """Tags, ids, links and the data of a page, and whether its tags nest."""

    VOID = {"meta", "link", "br", "input", "hr", "img", "wbr"}

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.text = path, path.read_text(encoding="utf-8")
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(self.text)
        self.ids = [str(attrs["id"]) for _, attrs in self.tags if "id" in attrs]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, Any]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def behind(self) -> Any:
        """What the page's script knows of the runs."""
        return json.loads(re.search(r'id="behind">(.*?)</script>', self.text, re.DOTALL)[1])  # type: ignore[index]


@pytest.fixture(scope="module")
def pages(made: Any) -> dict[str, Page]:
    paths = [made.root / path for path in outputs.report(made.plan).files]
    return {path.stem: Page(path) for path in paths}


@pytest.fixture(scope="module")
def ssl(large: Any) -> Page:
    """The page of the large study, with figures that show nothing."""
    for name in figures.names(large.plan.studies["ssl"]):
        path = large.root / f"results/figures/ssl-{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('<svg width="486pt" height="90pt"></svg>', encoding="utf-8")
        path.with_suffix(".png").touch()
    report.write(large.plan, kit.papers(), large.root)
    return Page(large.root / "results/report/ssl.html")


# --- files and links ---


def test_a_page_a_study_and_none_of_what_is_no_longer_planned(made: Any, pages: dict[str, Page]) -> None:
    assert list(pages) == ["report", *STUDIES]
    stale = made.root / "results/report/gone.html"
    stale.touch()
    assert report.write(made.plan, kit.papers(), made.root) == made.root / "results/report.html"
    assert sorted(path.stem for path in stale.parent.iterdir()) == sorted(STUDIES)


def test_pages_nest_and_every_link_leads_somewhere(made: Any, pages: dict[str, Page]) -> None:
    anchors = {page.path.resolve(): set(page.ids) for page in pages.values()}
    for page in pages.values():
        assert page.open == []
        assert len(page.ids) == len(set(page.ids))
        for link in page.of("a"):
            address, _, anchor = link["href"].partition("#")
            if address.startswith("https://"):
                continue
            target = (page.path.parent / unquote(address)).resolve() if address else page.path.resolve()
            assert target.exists(), link
            assert not anchor or anchor in anchors[target], link


def test_pages_load_nothing_from_outside(pages: dict[str, Page]) -> None:
    for page in pages.values():
        for tag, attrs in page.tags:
            assert tag not in ("iframe", "object", "embed", "base")
            assert "src" not in attrs or tag == "img"
            if tag == "link":
                assert attrs["href"] == "data:,"
        style = re.findall(r"<style.*?</style>", page.text, re.DOTALL)
        assert not any("@import" in part or "url(http" in part for part in style)


def test_figures_are_files_that_keep_their_place(made: Any, pages: dict[str, Page]) -> None:
    for study in STUDIES:
        images = pages[study].of("img")
        assert [image["src"] for image in images] == [
            f"../figures/{study}-{name}.svg" for name in figures.names(made.plan.studies[study])
        ]
        for image in images:
            assert (pages[study].path.parent / image["src"]).is_file()
            assert image["loading"] == "lazy"
            assert 600 < int(image["width"]) < 700  # 6.75 inches of 96 pixels, less what layout cut off
            assert int(image["height"]) > 50
            assert image["alt"]
    assert not pages["report"].of("img")


def test_a_page_without_figures_says_what_makes_them(made: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(made.root / "runs")
    with pytest.raises(UserError, match=r"results/figures/.*svg: missing; `snakemake"):
        report.write(made.plan, {}, tmp_path)
    assert not (tmp_path / "results/report.html").exists()
    drawing = tmp_path / "results/figures/ssl-accuracy_time.svg"
    drawing.parent.mkdir(parents=True)
    drawing.write_text("<svg></svg>", encoding="utf-8")
    with pytest.raises(UserError, match="not an SVG that states its size"):
        report.write(made.plan, {}, tmp_path)


def test_links_of_papers_are_only_web_addresses(made: Any) -> None:
    paper = kit.papers()["dcl"].model_copy(update={"url": "javascript:alert(1)", "title": "<script>x</script>"})
    report.write(made.plan, {**kit.papers(), "dcl": paper}, made.root)
    text = "".join((made.root / path).read_text(encoding="utf-8") for path in outputs.report(made.plan).files)
    report.write(made.plan, kit.papers(), made.root)
    assert "javascript:" not in text
    assert "<script>x" not in text


# --- what the first page says ---


def test_the_first_page_states_its_numbers(made: Any, pages: dict[str, Page]) -> None:
    text = pages["report"].text
    assert "54 runs of 13 methods in 3 studies put 5 claims of 4 papers to the test" in text
    assert "5 runs gave no numbers." in text
    assert "Theory: 1 of 5" in text
    for study in STUDIES:
        assert f"study-{study}" in pages["report"].ids
    assert "5 methods, 2 variants, 21 runs" in text
    assert re.search(r"<button[^>]*data-verdict=\"supported\"[^>]*>2 supported", text)
    for page in ("report", "classification"):
        assert "Losses of one classifier &amp; its &lt;i&gt;confidence&lt;/i&gt;." in pages[page].text


def test_share_of_wall_time() -> None:
    def result(start: int, end: int, train: float, evaluate: float) -> dict[str, Any]:
        stamp = "2026-01-01T00:{:02d}:00+00:00"
        return {"started": stamp.format(start), "finished": stamp.format(end),
                "seconds": {"train": train, "evaluate": evaluate}, "device": {"kind": "cpu", "threads": 1}}  # fmt: skip

    # two at work at once over four minutes, 6 of 8 core-minutes used; the wait of the second run is not work
    work = environment.work([result(0, 2, 60, 60), result(0, 4, 120, 60), result(2, 3, 30, 30)])
    assert work is not None
    assert (work["cores"], work["span"], work["spent"], work["share"]) == (2, "240", "360", "75")
    assert environment.work([]) is None


# --- claims ---


def test_claims_lead_to_their_table_and_back(made: Any, pages: dict[str, Page]) -> None:
    first = pages["report"].of("a")
    for row in kit.rows(made.root, "claims.csv"):
        anchor = f"claim-{row['paper']}-{row['claim']}"
        assert anchor in pages["report"].ids
        if row["verdict"] != "not_tested":
            assert any(link["href"].startswith(f"report/{row['study']}.html#table-") for link in first)
            links = [link["href"] for link in pages[row["study"]].of("a")]
            assert anchor in pages[row["study"]].ids
            assert f"../report.html#{anchor}" in links


def test_claims_can_be_grouped_and_filtered(made: Any, pages: dict[str, Page]) -> None:
    rows = [attrs for attrs in pages["report"].of("tr") if "data-verdict" in attrs]
    cited = [row["id"].split("-")[1] for row in rows]
    assert [row.get("class") == "again" for row in rows] == [
        a == b for a, b in zip([None, *cited], cited, strict=False)
    ]
    chips = re.findall(r'data-verdict="(\w+)" aria-pressed="false">(\d+)', pages["report"].text)
    assert {name: int(count) for name, count in chips} == {
        name: count for name in claims.VERDICTS if (count := sum(row["data-verdict"] == name for row in rows))
    }
    assert {row["data-study"] for row in rows} == {"", *STUDIES}
    assert re.findall(r"<option>(\w+)", pages["report"].text) == list(STUDIES)


def test_an_interval_is_drawn_on_its_side_of_zero(pages: dict[str, Page]) -> None:
    drawn = [attrs for attrs in pages["report"].of("td") if attrs.get("style")]
    assert len(drawn) == 5
    for cell in drawn:
        low, mean, high = map(float, re.findall(r"--[lmh]:([\d.]+)", cell["style"]))
        assert 4 <= low <= mean <= high <= 96
        side = {"supported": low > 50, "contradicted": high < 50, "inconclusive": low <= 50 <= high}
        assert side[cell["class"].split()[1]]


# --- tables and the runs behind them ---


def test_every_number_leads_to_its_runs(made: Any, pages: dict[str, Page]) -> None:
    for study in STUDIES:
        page, metrics = pages[study], made.plan.studies[study].metrics
        rows = [attrs for attrs in page.of("tr") if "data-row" in attrs]
        assert [int(row["data-row"]) for row in rows] == list(range(len(rows)))
        behind = page.behind["rows"]
        assert [row["id"] for row in rows] == [f"row-{each['variant']}-{each['method']}" for each in behind]
        shown = {path: values for each in behind for (_, path, _), *values in zip(
            each["runs"], *(entry[0] for entry in each["entries"]), strict=True)}  # fmt: skip
        assert list(shown) == [run.path for run in made.plan.study_runs(study)]
        for run in made.plan.study_runs(study):
            result = json.loads((made.root / run.path / "result.json").read_text(encoding="utf-8"))
            for metric, text in zip(metrics, shown[run.path], strict=True):
                if result["status"] != "ok":
                    assert text == result["status"]
                else:
                    assert float(text.replace("−", "-")) == pytest.approx(result["metrics"][metric], abs=0.51)


def test_without_a_script_a_number_is_a_link_to_its_folder(made: Any, pages: dict[str, Page]) -> None:
    links = [link["href"] for link in pages["ssl"].of("a")]
    assert links.count("../../runs/ssl/swav/") == len(made.plan.studies["ssl"].metrics)
    assert "../../runs/ssl/" in links


def test_the_reasons_of_lost_runs_stay_text(pages: dict[str, Page]) -> None:
    assert "<b>patience</b>" not in pages["classification"].text
    lost = [run for row in pages["classification"].behind["rows"] for run in row["runs"] if run[2]]
    assert {reason for *_, reason in lost} == {"loss is NaN at epoch 2", "out of memory & <b>patience</b>"}


def test_a_number_that_runs_lack_says_why(made: Any) -> None:
    reason = "no class has two examples"
    records = kit.Lacking(made.root, "dcl", "linear_top1", {1: reason})
    table = build.table(cells.Results(made.plan, "ssl", made.root, records))
    row = next(row for row in drawn._runs(table)["rows"] if (row["method"], row["variant"]) == ("dcl", "default"))
    values, _, behind = row["entries"][0]
    assert [value == "absent" for value in values] == [False, True, False]
    assert behind.startswith("Interval over seeds and examples. ")
    assert f"absent in 1 of 3 runs, since {reason}" in behind
    (block,) = [block for block in table.blocks if block.variant == "default"]
    shown = next(drawn._entry(table, row.entries[0]) for row in block.rows if row.method == "dcl")
    assert [reason in table.footnotes[number - 1] for number in shown["notes"]] == [True]


def test_tables_have_captions_and_can_be_sorted_by_keyboard(pages: dict[str, Page]) -> None:
    for page in pages.values():
        heads = [attrs for attrs in page.of("th") if "aria-sort" in attrs]
        assert len(heads) >= 4
        assert len(re.findall(r'aria-sort="none"><button type="button"', page.text)) == len(heads)
        assert len(page.of("caption")) == len(page.of("table"))


def test_every_table_and_figure_has_an_anchor(large: Any, ssl: Page) -> None:
    links = {link["href"] for link in ssl.of("a")}
    for variant in large.results.variants():
        assert f"table-{variant}" in ssl.ids and f"#table-{variant}" in links
    for name in figures.names(large.plan.studies["ssl"]):
        assert f"figure-{name}" in ssl.ids and f"#figure-{name}" in links
    assert ssl.text.count("Seconds per epoch") == len(large.results.variants())


def test_a_number_costs_few_tags(large: Any, ssl: Page) -> None:
    numbers = sum(len(row["entries"]) for row in ssl.behind["rows"])
    assert numbers > 150
    assert len(ssl.tags) < 5 * numbers + 40 * len(large.results.variants()) + 400
    assert len(ssl.text) < 700 * numbers + 60_000


# --- what the engines know ---


def test_the_digest_follows_what_is_shown(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = made.plan
    whole, study = outputs.digest(plan), outputs.digest(plan, "ssl")
    other = plan.studies["ood"].model_copy(update={"title": "Another title"})
    changed = kit.Plan({**plan.studies, "ood": other}, plan.runs)
    assert outputs.digest(changed) != whole
    assert outputs.digest(changed, "ssl") == study
    monkeypatch.setattr(outputs, "_templates", lambda: ["edited"])
    assert outputs.digest(plan) != whole
    assert outputs.digest(plan, "ssl") == study  # tables and figures are made without templates
