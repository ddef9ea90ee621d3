"""Reading settings: every problem is found, with its line, in plain words."""

from __future__ import annotations

from textwrap import dedent

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import Misconfigured
from aftersales.settings.load import check_yaml, from_json, load_yaml, to_json
from aftersales.settings.model import Alerts, Settings, Shop, Source, Target, Tracking

SOURCE = """\
tracking:
  sources:
    main: {kind: seventeentrack, secrets: {key: env:KEY}}
"""
TARGET = """\
alerts:
  targets:
    group: {kind: dingtalk, url: env:URL}
  operators: [group]
"""


def problems(text: str) -> list[tuple[int, str, str]]:
    found = check_yaml(dedent(text), "settings.yaml")
    return [(each.line, each.path, f"{each.message} {each.what_to_do}".strip()) for each in found]


def only_problem(text: str) -> tuple[int, str, str]:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "\ufeff", "---\n", "shops:\ntracking:\n", "{}"]
)
def test_an_empty_file_means_all_defaults(text):
    assert load_yaml(text, "settings.yaml") == Settings()


def test_values_become_the_structs():
    settings = load_yaml(
        dedent("""\
        language: en
        shops:
          - id: 10086
            rules: {stalled_hours: 36, failed_attempts_alarm: 3}
            auto_confirm_days: 10
          - {id: "007", platform: jd}
        calendar: {country: NO, holidays: [2026-05-17], service_hours: 20:00-02:00}
        tracking:
          sources:
            main:
              kind: aftership
              secrets: {key: env:KEY}
              push: false
              requests_per_second: 0.5
              concurrency: 2
        """),
        "settings.yaml",
    )
    assert [shop.id for shop in settings.shops] == ["10086", "007"]
    assert settings.shops[0].auto_confirm_days == 10
    assert settings.calendar.country == "NO"
    assert settings.calendar.holidays == ("2026-05-17",)
    assert settings.calendar.service_hours == "20:00-02:00"
    source = settings.tracking.sources["main"]
    assert (source.push, source.requests_per_second, source.concurrency) == (False, 0.5, 2)
    assert settings.tracking_rules("10086", "zto").stalled_hours == 36


def test_all_problems_are_listed_in_the_order_of_their_lines():
    found = problems("""\
    langauge: zh-CN
    time_zone: Asia/Nowhere
    shops:
      - id: a
        platform: taobaoo
      - name: no id
      - id: a
    tracking:
      shards: many
      default_source: nobody
    """)
    assert [(line, path) for line, path, _ in found] == [
        (1, "langauge"),
        (2, "time_zone"),
        (5, "shops[0].platform"),
        (6, "shops[1]"),
        (7, "shops[2].id"),
        (9, "tracking.shards"),
        (10, "tracking.default_source"),
    ]
    texts = [text for _, _, text in found]
    assert "`language`" in texts[0]
    assert "`taobao`" in texts[2]
    assert "`id` is missing" in texts[3]
    assert "twice" in texts[4]
    assert "whole number" in texts[5]


def test_the_column_is_that_of_the_value():
    problem = check_yaml("calendar: {country: China}\n", "x")[0]
    assert (problem.line, problem.column) == (1, 21)
    assert str(problem).startswith("line 1, column 21: calendar.country: 'China' is not")


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("language: fr\n", "language", "zh-CN, zh-TW, en"),
        ("calendar: {holidays: [2026-13-01]}\n", "calendar.holidays[0]", "2026-10-01"),
        (
            "calendar: {holidays: [2026-10-01..2026-10-03], working_days: [2026-10-02]}\n",
            "calendar.working_days[0]",
            "2026-10-02 is named both",
        ),
        ("calendar: {holidays: 2026-10-01}\n", "calendar.holidays", "list"),
        ("calendar: {service_hours: 9-18}\n", "calendar.service_hours", "09:00-22:00"),
        ("calendar: {service_hours: 09:00}\n", "calendar.service_hours", "09:00-22:00"),
        ("calendar: {service_on_days_off: yes}\n", "calendar.service_on_days_off", "true or false"),
        ("shops: [{id: a/b}]\n", "shops[0].id", "folder"),
        ("shops: [{id: a, currency: yuan}]\n", "shops[0].currency", "currency code"),
        ("shops: [{id: a, language: zh}]\n", "shops[0].language", "zh-TW"),
        ("shops: [{id: a, time_zone: CST8}]\n", "shops[0].time_zone", "Asia/Shanghai"),
        ("shops: [{id: a, order_url: ftp://x}]\n", "shops[0].order_url", "https://"),
        ("shops: [{id: a, order_url: 'https://x/{id}'}]\n", "shops[0].order_url", "{order_id}"),
        ("shops: [{id: a, rules: {stalled: 3}}]\n", "shops[0].rules.stalled", "`stalled_hours`"),
        (
            "shops: [{id: a, rules: {stalled_hours: soon}}]\n",
            "shops[0].rules.stalled_hours",
            "number",
        ),
        (
            "shops: [{id: a, rules: {stalled_hours: -1}}]\n",
            "shops[0].rules.stalled_hours",
            "below 0",
        ),
        (
            "shops: [{id: a, rules: {stalled_hours: true}}]\n",
            "shops[0].rules.stalled_hours",
            "number",
        ),
        (
            "shops: [{id: a, rules: {failed_attempts_alarm: 1.5}}]\n",
            "shops[0].rules.failed_attempts_alarm",
            "whole number",
        ),
        ("shops: [{id: a, auto_confirm_days: 0}]\n", "shops[0].auto_confirm_days", "above 0"),
        (
            "shops: [{id: a, platform: tmall, extend_receipt_days: 4}]\n",
            "shops[0].extend_receipt_days",
            "3, 5, 7, 10",
        ),
        (
            "shops: [{id: a, platform: taobao, extend_receipt_days: -3}]\n",
            "shops[0].extend_receipt_days",
            "3, 5, 7, 10",
        ),
        (
            "shops: [{id: a, platform: taobao, extend_receipt_days: 3}]\n",
            "shops[0].extend_receipt_days",
            "connected",
        ),
        (
            "shops: [{id: a, platform: jd, extend_receipt_days: 3}]\n",
            "shops[0].extend_receipt_days",
            "taobao, tmall",
        ),
        ("tracking: {rules: {customs_hours: -2}}\n", "tracking.rules.customs_hours", "below 0"),
        ("tracking: {rules: {customs_hours: '24'}}\n", "tracking.rules.customs_hours", "quotes"),
        ("tracking: {rules: {customs_hours: .inf}}\n", "tracking.rules.customs_hours", "number"),
        (
            "tracking: {rules: {no_pickup_warn_hours: 60}}\n",
            "tracking.rules.no_pickup_warn_hours",
            "later than",
        ),
        (
            "tracking: {rules_by_courier: {shunfeng: {stalled_hours: 1}}}\n",
            "tracking.rules_by_courier.shunfeng",
            "no courier",
        ),
        (
            "tracking: {rules_by_courier: {sf: {stalld_hours: 1}}}\n",
            "tracking.rules_by_courier.sf.stalld_hours",
            "`stalled_hours`",
        ),
        ("tracking: {shards: 0}\n", "tracking.shards", "1 to"),
        ("tracking: {keep_days: 0}\n", "tracking.keep_days", "at least 1"),
        ("tracking: {remote_regions: ['']}\n", "tracking.remote_regions[0]", "every region"),
        (
            "tracking: {courier_codes: {kuaidi: {sf: x}}}\n",
            "tracking.courier_codes.kuaidi",
            "`kuaidi100`",
        ),
        (
            "tracking: {courier_codes: {kuaidi100: {shentong: x}}}\n",
            "tracking.courier_codes.kuaidi100.shentong",
            "no courier",
        ),
        (SOURCE + "  by_courier: {sf: maine}\n", "tracking.by_courier.sf", "`main`"),
        (SOURCE + "  by_courier: {sff: main}\n", "tracking.by_courier.sff", "`sf`"),
        (
            "tracking: {sources: {main: {kind: kuaidi, secrets: {}}}}\n",
            "tracking.sources.main.kind",
            "`kuaidi100`",
        ),
        ("tracking: {sources: {main: {}}}\n", "tracking.sources.main", "`kind` is missing"),
        (
            "tracking: {sources: {a b: {kind: seventeentrack, secrets: {key: env:K}}}}\n",
            "tracking.sources.a b",
            "callback address",
        ),
        (
            "tracking: {sources: {main: {kind: kuaidi100, secrets: {key: env:K}}}}\n",
            "tracking.sources.main.secrets",
            "`customer`",
        ),
        (
            "tracking: {sources: {m: {kind: kuaidi100, secrets: {key: env:K, customer: env:C}, "
            "callback_url: https://x.example.com/push/m}}}\n",
            "tracking.sources.m.callback_url",
            "`salt`",
        ),
        (
            "tracking: {sources: {m: {kind: kdniao, secrets: {business_id: env:K, app_key: env:C}, "
            "options: {teir: basic}}}}\n",
            "tracking.sources.m.options.teir",
            "`tier`",
        ),
        (
            "tracking: {sources: {main: {kind: easypost, secrets: {key: env:K}}}}\n",
            "tracking.sources.main.secrets",
            "push: false",
        ),
        (
            "tracking: {sources: {m: {kind: seventeentrack, secrets: {key: env:K, kye: env:K}}}}\n",
            "tracking.sources.m.secrets.kye",
            "`key`",
        ),
        (
            "tracking: {sources: {m: {kind: seventeentrack, secrets: {key: env:K}, "
            "base_url: http://x.example.com}}}\n",
            "tracking.sources.m.base_url",
            "https://",
        ),
        (
            "tracking: {sources: {m: {kind: seventeentrack, secrets: {key: env:K}, "
            "concurrency: 0}}}\n",
            "tracking.sources.m.concurrency",
            "at least 1",
        ),
        (
            "tracking: {sources: {m: {kind: sf, secrets: {partner_id: env:A, checkword: env:B}, "
            "callback_url: https://x.example.com/push/m}}}\n",
            "tracking.sources.m.callback_url",
            "path_secret",
        ),
        ("alerts: {targets: {g: {kind: dingtalk}}, operators: [g]}\n", "alerts.targets.g", "`url`"),
        (
            "alerts: {targets: {g: {kind: sns}}, operators: [g]}\n",
            "alerts.targets.g",
            "`topic_arn`",
        ),
        (
            "alerts: {targets: {g: {kind: sns, topic_arn: my-topic}}, operators: [g]}\n",
            "alerts.targets.g.topic_arn",
            "standard topic",
        ),
        (
            "alerts: {targets: {g: {kind: dingding, url: env:U}}, operators: [g]}\n",
            "alerts.targets.g.kind",
            "dingtalk, feishu",
        ),
        ("alerts: {targets: {g: {kind: slack, url: env:U}}}\n", "alerts.targets", "no alert"),
        (TARGET + "  routes: [{targets: [grp]}]\n", "alerts.routes[0].targets[0]", "`group`"),
        (TARGET + "  routes: [{targets: []}]\n", "alerts.routes[0].targets", "at least one"),
        (
            TARGET + "  routes: [{targets: [group], shops: [x]}]\n",
            "alerts.routes[0].shops[0]",
            "no shop",
        ),
        (
            TARGET + "  routes: [{targets: [group], kinds: [stuck]}]\n",
            "alerts.routes[0].kinds[0]",
            "no kind of case",
        ),
        (
            TARGET + "  routes: [{targets: [group], min_severity: warning}]\n",
            "alerts.routes[0].min_severity",
            "`warn`",
        ),
        (TARGET + "  give_up_hours: 0\n", "alerts.give_up_hours", "above 0"),
        ("shops: a\n", "shops", "list"),
        ("shops: [a]\n", "shops[0]", "names with values"),
        ("tracking: [a]\n", "tracking", "names with values"),
        ("language: [zh-CN]\n", "language", "a text"),
        ("language：zh-CN\n", "", "plain colon"),
        ("- language\n", "", "names with values"),
        ("just words\n", "", "names with values"),
    ],
)
def test_one_mistake_is_one_problem_that_says_what_to_do(text, path, words):
    _, where, said = only_problem(text)
    assert where == path
    assert words in said


@pytest.mark.parametrize(
    "text",
    [
        "tracking: {sources: {m: {kind: seventeentrack, secrets: {key: 9F2A77SECRET}}}}\n",
        "tracking: {sources: {m: {kind: seventeentrack, secrets: {key: env:K}, "
        "path_secret: 9F2A77SECRET}}}\n",
        "alerts: {targets: {g: {kind: dingtalk, url: env:U, sign_secret: 9F2A77SECRET}}, "
        "operators: [g]}\n",
        "alerts: {targets: {g: {kind: dingtalk, "
        "url: 'https://oapi.dingtalk.com/robot/send?access_token=9F2A77SECRET'}}, "
        "operators: [g]}\n",
        "alerts: {targets: {g: {kind: slack, "
        "url: https://hooks.slack.com/services/T0/B0/9F2A77SECRET}}, operators: [g]}\n",
        "alerts: {targets: {g: {kind: webhook, "
        "url: 'https://in.example.com/x?token=9F2A77SECRET'}}, operators: [g]}\n",
        "alerts: {targets: {g: {kind: webhook, "
        "url: 'https://user:9F2A77SECRET@in.example.com/x'}}, operators: [g]}\n",
        "tracking: {sources: {m: {kind: seventeentrack, secrets: {key: 'env:9F2A77SECRET=='}}}}\n",
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(text):
    _, _, said = only_problem(text)
    assert "9F2A77SECRET" not in said
    with pytest.raises(Misconfigured) as refused:
        load_yaml(text, "settings.yaml")
    assert "9F2A77SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8899/x", "https://localhost/x", "https://in.example.com:8443/x"]
)
def test_an_address_of_a_webhook_that_delivery_would_refuse_is_refused_at_once(url):
    target = f"alerts: {{targets: {{g: {{kind: webhook, url: '{url}'MORE}}}}, operators: [g]}}\n"
    _, where, said = only_problem(target.replace("MORE", ""))
    assert where == "alerts.targets.g.url"
    assert "allow_private_address" in said
    assert not problems(target.replace("MORE", ", allow_private_address: true"))


def test_an_address_without_a_key_may_stand_openly():
    assert not problems(
        "alerts: {targets: {g: {kind: webhook, url: https://in.example.com/x}}, operators: [g]}\n"
    )
    assert not problems(
        "alerts: {targets: {g: {kind: dingtalk, "
        "url: 'http://127.0.0.1:8899/robot/send?access_token=demo'}}, operators: [g]}\n"
    )


def test_the_old_secret_may_stand_beside_the_new_one():
    assert not problems(
        "tracking: {sources: {m: {kind: aftership, secrets: {key: env:K, "
        "webhook_secret: env:NEW, webhook_secret_previous: env:OLD}}}}\n"
    )


def test_a_part_that_cannot_be_read_causes_no_further_complaints():
    found = problems("""\
    tracking:
      sources:
        main: {secrets: {key: env:KEY}}
      default_source: main
    alerts:
      targets:
        group: {url: env:URL}
      operators: [group]
    """)
    assert [(line, path) for line, path, _ in found] == [
        (3, "tracking.sources.main"),
        (7, "alerts.targets.group"),
    ]


def test_the_only_tracking_source_needs_no_mention():
    from aftersales.settings.model import Settings, Source, Tracking

    one = {"main": Source(kind="kuaidi100")}
    two = {**one, "world": Source(kind="seventeentrack")}
    assert Settings(tracking=Tracking(sources=one)).source_for("yto") == "main"
    assert Settings(tracking=Tracking(sources=two)).source_for("yto") == ""
    named = Tracking(sources=two, default_source="world", by_courier={"sf": "main"})
    assert Settings(tracking=named).source_for("yto") == "world"
    assert Settings(tracking=named).source_for("sf") == "main"


def test_numbers_of_list_items_are_those_of_the_file():
    found = problems("""\
    shops:
      - name: without id
      - id: b
        platform: nowhere
    """)
    assert [path for _, path, _ in found] == ["shops[0]", "shops[1].platform"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("shops:\n\t- id: a\n", 2, "spaces instead of tabs"),
        ("a: 'open\n", 2, "not YAML"),
        ("a: [1, 2\nb: 3\n", 2, "not YAML"),
        ("a: b: c\n", 1, "not YAML"),
        ("language: en\n---\nlanguage: en\n", 2, "one document"),
        ("language: \x07\n", 1, "UTF-8"),
        ("a: &x [1]\nb: *x\n", 1, "anchors"),
        ("b: *x\n", 1, "anchors"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, "tags"),
        ("language: " + "x" * (256 * 1024), 1, "256 KiB"),
        ("language: " + "售" * (90 * 1024), 1, "256 KiB"),
        ("[" * 5000, 1, "levels"),
        ("a: " + "{a: " * 30 + "1" + "}" * 30, 1, "levels"),
    ],
)
def test_a_text_that_is_no_usable_yaml_is_one_problem(text, line, words):
    found_line, _, said = only_problem(text)
    assert words in said
    assert found_line == line


def test_the_same_name_twice_names_both_lines():
    line, path, said = only_problem("language: en\ntime_zone: Asia/Tokyo\nlanguage: zh-CN\n")
    assert (line, path) == (3, "language")
    assert "line 1" in said


def test_a_file_with_problems_is_refused_with_all_of_them():
    with pytest.raises(Misconfigured) as refused:
        load_yaml("language: fr\ntime_zone: Mars\n", "shop.yaml")
    assert "shop.yaml: line 1, column 11: language" in str(refused.value)
    assert "shop.yaml: line 2, column 12: time_zone" in str(refused.value)


def test_hundreds_of_problems_do_not_flood_the_terminal():
    text = "".join(f"x{number}: 1\n" for number in range(200))
    assert len(check_yaml(text, "x")) == 200
    with pytest.raises(Misconfigured, match=r"… and 180 more"):
        load_yaml(text, "x")


@pytest.mark.parametrize("platform", ["taobao", "tmall"])
@pytest.mark.parametrize("days", [0, 3, 5, 7, 10])
def test_the_extensions_that_a_platform_offers_may_be_asked_for(platform, days):
    secrets = "{app_key: env:A, app_secret: env:B, session: env:C}"
    shop = f"{{id: a, platform: {platform}, secrets: {secrets}, extend_receipt_days: {days}}}"
    settings = load_yaml(f"shops: [{shop}]\n", "x")
    assert settings.shops[0].extend_receipt_days == days


def test_settings_survive_the_table():
    settings = Settings(
        language="en",
        shops=(Shop(id="a", rules={"stalled_hours": 36}), Shop(id="b", auto_confirm_days=7.5)),
        tracking=Tracking(
            sources={"main": Source(kind="seventeentrack", secrets={"key": "env:K"})},
            courier_codes={"kdniao": {"usps": "USPS"}},
        ),
        alerts=Alerts(targets={"g": Target(kind="slack", url="env:U")}, operators=("g",)),
    )
    assert from_json(to_json(settings)) == settings
    assert to_json(Settings()) == b"{}"


@pytest.mark.parametrize("document", [b"", b"[]", b'{"langauge":"en"}', b'{"shops":1}', b"\xff"])
def test_a_stored_document_that_cannot_be_read_is_a_misconfiguration(document):
    with pytest.raises(Misconfigured):
        from_json(document)


@given(st.text(max_size=200))
def test_any_text_is_answered(text):
    for problem in check_yaml(text, "x"):
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message


_plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_names = st.sampled_from(
    ["language", "shops", "id", "tracking", "sources", "kind", "secrets", "alerts", "targets",
     "routes", "rules", "calendar", "holidays", "stalled_hours", "m", ""]
)  # fmt: skip
_trees = st.recursive(
    _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=12,
)


@given(_trees)
def test_any_tree_is_answered_and_without_problems_it_loads_and_survives_the_table(tree):
    class NoAliases(yaml.SafeDumper):
        def ignore_aliases(self, data):
            return True

    text = yaml.dump(tree, Dumper=NoAliases, allow_unicode=True)
    if check_yaml(text, "x"):
        with pytest.raises(Misconfigured):
            load_yaml(text, "x")
    else:
        settings = load_yaml(text, "x")
        assert from_json(to_json(settings)) == settings
        assert msgspec.convert(msgspec.to_builtins(settings), Settings) == settings
