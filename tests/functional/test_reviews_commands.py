"""`aftersales reviews classify`, `explain` and `train` on made-up reviews."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import random
import sys
from pathlib import Path

import pytest

from local.review_files import rating_of, read_table
from local.review_training import fitting
from local.review_training.fitting import Recipe
from local.review_training.making import f1
from local.review_training.rows import Labelled, choose
from review_scanner.classifier.sentiment import score
from review_scanner.classifier.table import Table, shipped, unpack
from review_scanner.classifier.text import read
from tests.command_line import aftersales

KEYS = {"sentiment", "score", "hidden_complaint", "topics", "advertising"}
ROWS = [
    ("r1", "质量太差了，用了两天就坏", "5"),
    ("r2", "很好，物流很快，会回购", "5"),
    ("r3", "", ""),
    ("r4", 'The "great" case broke, very bad, want a refund', "1"),
    ("r5", "此用户没有填写评价。", "好评"),
    ("r6", "第一行不错\n第二行也很好", "4"),
]


def as_csv(rows=ROWS, header=("id", "text", "rating")) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def classify(tmp_path: Path, content: bytes, name: str = "reviews.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return aftersales("reviews", "classify", path, "--json")


def test_each_row_is_judged_in_its_place_and_other_columns_pass_through(tmp_path):
    ran = classify(tmp_path, as_csv().encode())
    assert (ran.code, ran.err) == (0, "")
    assert [row["id"] for row in ran.json] == [row[0] for row in ROWS]
    assert [row["text"] for row in ran.json] == [row[1] for row in ROWS]
    assert all(row.keys() >= KEYS for row in ran.json)
    first, second, empty, english, default, lines = ran.json
    assert first["sentiment"] == english["sentiment"] == "negative"
    assert first["hidden_complaint"] is True
    assert english["hidden_complaint"] is False
    assert second["sentiment"] == default["sentiment"] == lines["sentiment"] == "positive"
    assert (empty["sentiment"], empty["score"]) == ("neutral", 0.0)
    assert "quality" in first["topics"]
    assert "logistics" in second["topics"]
    assert all((row["score"] > 0) >= (row["sentiment"] == "negative") for row in ran.json)


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("gb18030"),
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace("\r\n", "\n").encode(),
    ],
    ids=["bom", "gb18030", "utf16", "gzip", "unix"],
)
def test_files_are_read_in_the_forms_that_people_have(tmp_path, encode):
    plain = classify(tmp_path, as_csv().encode()).json
    assert classify(tmp_path, encode(as_csv())).json == plain


def test_workbooks_are_read_too(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["评价内容", "评价等级"])
    book.active.append(["质量太差了，用了两天就坏", "好评"])
    book.active.append(["很好，物流很快", 5])
    book.save(tmp_path / "reviews.xlsx")
    ran = aftersales("reviews", "classify", tmp_path / "reviews.xlsx", "--json")
    assert [row["sentiment"] for row in ran.json] == ["negative", "positive"]
    assert ran.json[0]["hidden_complaint"] is True


def test_a_bad_row_keeps_its_place_and_is_named(tmp_path):
    content = "text,rating\n很好，物流很快,5\n质量太差,1,多出来的\n垃圾，千万别买,1\n"
    ran = classify(tmp_path, content.encode())
    assert ran.code == 0
    assert len(ran.json) == 3
    assert "row 3" in ran.json[1]["problem"]
    assert (ran.json[1]["sentiment"], ran.json[1]["score"]) == ("neutral", 0.0)
    assert "reviews.csv, row 3: has 3 cells" in ran.err
    assert ran.json[2]["sentiment"] == "negative"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"id,stars\n1,5\n", "no column named text"),
        (b"\x1f\x8b\x08broken", "damaged"),
        (b"PK\x03\x04broken", "damaged"),
    ],
)
def test_a_file_that_cannot_be_judged_is_refused_in_one_line(tmp_path, content, why):
    ran = classify(tmp_path, content)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_file_with_a_header_only_has_no_answers(tmp_path):
    assert classify(tmp_path, b"text,rating\n").json == []


def test_people_see_the_complaints(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text(as_csv(), "utf-8")
    ran = aftersales("reviews", "classify", path)
    assert "6 reviews" in ran.out
    assert "用了两天就坏" in ran.out


@pytest.mark.parametrize(
    ("cell", "rating"),
    [
        *(("5", 5), ("1.0", 1), ("好评", 5), ("中评", 3), ("差評", 1), ("4星", 4), ("★★", 2)),
        *(("3/5", 3), ("8/10", 4), ("five", 5), ("Good", 5), ("", None), ("0", None), ("x", None)),
        *(("nan", None), ("inf", None), ("1/0", None)),
    ],
)
def test_ratings_are_read_as_platforms_write_them(cell, rating):
    assert rating_of(cell) == rating


def test_an_explanation_names_what_weighed(tmp_path):
    ran = aftersales("reviews", "explain", "质量太差了，用了两天就坏", "--json")
    weights = [one["weight"] for one in ran.json["n_grams"]]
    assert weights == sorted(weights, key=abs, reverse=True)
    assert ran.json["bias"] + sum(weights) == pytest.approx(ran.json["score"], abs=0.01)
    assert "差了" in aftersales("reviews", "explain", "质量太差了，用了两天就坏").out
    assert aftersales("reviews", "explain", "").code == 0
    assert aftersales("reviews", "explain", "-", stdin="很好".encode()).code == 0


GOOD = ["很好", "喜欢", "满意", "推荐", "不错", "漂亮", "舒服", "快", "值得", "新鲜"]
BAD = ["太差", "失望", "退货", "坏了", "垃圾", "难吃", "慢", "骗人", "破损", "后悔"]


def made_up(count: int = 400) -> list[tuple[str, str]]:
    rng = random.Random(7)
    rows = []
    for number in range(count):
        label, words = (("negative", BAD), ("positive", GOOD))[number % 2]
        said = "，".join(rng.sample(words, 3))
        rows.append((f"{said}，货号{chr(0x4E00 + number)}", label))
    return rows


def trained(tmp_path: Path, rows, name: str):
    path = tmp_path / f"{name}.csv"
    path.write_text(as_csv(rows, ("text", "label")), "utf-8")
    out = tmp_path / f"{name}.table"
    return aftersales("reviews", "train", path, "--out", out, "--json"), out


def test_a_shop_can_train_on_its_own_reviews_and_gets_the_same_bytes_again(tmp_path):
    ran, out = trained(tmp_path, made_up(), "first")
    again, other = trained(tmp_path, made_up()[::-1], "second")
    assert ran.code == again.code == 0
    assert out.read_bytes() == other.read_bytes()
    assert ran.json["table_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert (ran.json["examples"], ran.json["negative"]) == (400, 200)
    table = unpack(out.read_bytes())
    assert score("太差，退货", table) > 0 > score("满意，推荐", table)
    ran = aftersales("reviews", "explain", "太差，退货", "--table", out, "--json")
    assert ran.json["sentiment"] == "negative"


def test_provenance_is_put_between_its_marks(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(as_csv(made_up(), ("text", "label")), "utf-8")
    page = tmp_path / "page.md"
    page.write_text("# Before\n", "utf-8")
    call = ("reviews", "train", path, "--out", tmp_path / "x", "--provenance", page)
    assert aftersales(*call).code == 0
    once = page.read_text("utf-8")
    assert once.startswith("# Before")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in once
    assert aftersales(*call).code == 0
    assert page.read_text("utf-8") == once


def test_too_few_rows_or_no_labels_are_refused(tmp_path):
    ran, out = trained(tmp_path, made_up(20), "few")
    assert (ran.code, out.exists()) == (2, False)
    assert "too few" in ran.err
    path = tmp_path / "unlabelled.csv"
    path.write_text(as_csv(), "utf-8")
    ran = aftersales("reviews", "train", path, "--out", tmp_path / "x")
    assert ran.code == 2
    assert "no column named label" in ran.err


def test_without_scikit_learn_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    ran, _ = trained(tmp_path, made_up(20), "none")
    assert ran.code == 2
    assert "scikit-learn" in ran.err
    assert "requirements/dev.txt" in ran.err


def test_rows_that_teach_nothing_are_counted():
    rows = [
        Labelled("很好", "positive", "sentiment:x"),
        Labelled("很好！", "negative", "sentiment:x"),
        Labelled("一般", "neutral", "sentiment:x"),
        Labelled("質量差", "negative", "sentiment-hant:x"),
        Labelled("质量好", "quality=positive", "topic:x"),
        Labelled("加群", "spam", "spam:x"),
        Labelled("。。。", "negative", ""),
        Labelled("太差", "差评", ""),
    ]
    chosen = choose(rows)
    assert [example.text for example in chosen.examples] == ["太差"]
    assert sum(chosen.left_out.values()) == 7


def test_a_long_file_keeps_its_order():
    rows = [(f"第{number}条", str(number)) for number in range(5000)]
    table = read_table(as_csv(rows, ("text", "n")).encode(), "long.csv")
    assert [row.cells["n"] for row in table.rows] == [n for _, n in rows]


BESIDE = Path(__file__).resolve().parents[2].parent / "shared"
LABELLED = Path(os.environ.get("AFTERSALES_SHARED", BESIDE)) / "data" / "reviews_dev.csv.gz"


@pytest.mark.skipif(not LABELLED.is_file(), reason=f"no {LABELLED.name} in the shared data")
def test_a_small_fit_is_right_about_texts_that_it_has_not_seen():
    import numpy as np

    with gzip.open(LABELLED, "rt", encoding="utf-8") as stream:
        rows = [
            Labelled(row["text"], row["label"], row["source"]) for row in csv.DictReader(stream)
        ]
    rows = [row for row in rows if row.source.startswith("sentiment:online")]
    examples = choose(random.Random(3).sample(rows, 5000)).examples
    random.Random(4).shuffle(examples)
    readings = [read(example.text) for example in examples]
    negative = np.array([example.negative for example in examples], float)
    recipe = Recipe(kept=30_000)
    data = fitting.features(readings, recipe.bits)
    first, rest = slice(None, 4000), slice(4000, None)
    fitted = fitting.fit(
        fitting.Features(data.grams[first], data.shape[first]),
        negative[first],
        np.ones(4000),
        recipe,
    )
    held_out = fitting.scores(fitted, fitting.Features(data.grams[rest], data.shape[rest]))
    assert f1(negative[rest], held_out > 0) > 0.82
    assert isinstance(shipped(), Table)
