"""Stories of parcels inside China, in the words that couriers use. All names are made up."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from local.simulators.lives import Life, Scan

PLACES = (
    ("广东省", "深圳市", "南山", "科技园二部"),
    ("广东省", "广州市", "天河", "棠下一部"),
    ("北京", "北京市", "朝阳", "望京西部"),
    ("上海", "上海市", "浦东", "张江三部"),
    ("四川省", "成都市", "武侯", "桂溪二部"),
    ("湖北省", "武汉市", "洪山", "关山南部"),
    ("陕西省", "西安市", "雁塔", "小寨一部"),
    ("江苏省", "南京市", "鼓楼", "湖南路部"),
    ("山东省", "青岛市", "市南", "香港中路部"),
    ("湖南省", "长沙市", "岳麓", "麓谷二部"),
    ("福建省", "厦门市", "思明", "莲前东部"),
    ("河南省", "郑州市", "金水", "花园路部"),
)
REMOTE_PLACES = (
    ("新疆维吾尔自治区", "乌鲁木齐市", "沙依巴克", "友好路部"),
    ("西藏自治区", "拉萨市", "城关", "北京中路部"),
    ("内蒙古自治区", "呼和浩特市", "赛罕", "大学路部"),
)
SENDER_CITY, SENDER_BRANCH = "杭州市", "杭州余杭良渚网点"
RIDERS = ("王师傅", "李师傅", "陈师傅", "刘师傅", "赵师傅", "周师傅", "吴师傅")
PHONES = ("138****0000", "139****1111", "13800000000", "137****2222", "13900000000")
STATIONS = ("菜鸟驿站（阳光花园店）", "丰巢快递柜（3号楼东侧）", "菜鸟驿站（学府路店）")


@dataclass(frozen=True, slots=True)
class Way:
    """Where a parcel goes and who carries it there."""

    city: str
    branch: str
    rider: str
    phone: str
    station: str

    @classmethod
    def drawn(cls, place: tuple[str, str, str, str], rng: random.Random) -> Way:
        """A way to `place`."""
        _, city, district, branch = place
        name = f"{city.removesuffix('市')}{district}{branch}"
        return cls(city, name, rng.choice(RIDERS), rng.choice(PHONES), rng.choice(STATIONS))


Teller = Callable[[Way, random.Random], Life]


def _ordered() -> Scan:
    return Scan(0.2, "101", "商家已下单，等待快递员上门揽收", SENDER_CITY)


def _to_city(way: Way, until: float = 34.0) -> list[Scan]:
    """From pickup to the destination's centre, at the usual pace, as far as hour `until`."""
    scans = [
        _ordered(),
        Scan(4, "103", f"【{SENDER_CITY}】{SENDER_BRANCH} 已揽收，快递员 138****5678", SENDER_CITY),
        Scan(10, "0", f"【{SENDER_CITY}】快件已到达 杭州转运中心", SENDER_CITY),
        Scan(
            13,
            "1002",
            f"【{SENDER_CITY}】快件离开 杭州转运中心，发往 {way.city}转运中心",
            SENDER_CITY,
        ),
        Scan(34, "1001", f"【{way.city}】快件已到达 {way.city}转运中心", way.city),
    ]
    return [scan for scan in scans if scan.after <= until]


def _out(way: Way, after: float) -> Scan:
    text = f"【{way.city}】{way.branch} {way.rider}（{way.phone}）正在派件，请保持电话畅通"
    return Scan(after, "5", text, way.city)


def _signed(way: Way, after: float, rng: random.Random) -> Scan:
    code, who = rng.choice(
        (("301", "本人"), ("301", "本人"), ("303", "家人代签"), ("303", "前台代收"))
    )
    return Scan(after, code, f"【{way.city}】快件已签收，签收人：{who}。感谢使用", way.city)


def normal(way: Way, rng: random.Random) -> Life:
    """Delivered on the second day."""
    out = 41 + rng.random() * 6
    scans = [*_to_city(way), _out(way, out), _signed(way, out + 3 + rng.random() * 3, rng)]
    return Life("normal", tuple(scans))


def collected(way: Way, rng: random.Random) -> Life:
    """Put into a pickup station and collected the same day."""
    put = 42 + rng.random() * 6
    scans = [
        *_to_city(way),
        _out(way, put - 4),
        Scan(put, "501", f"【{way.city}】快件已存放至{way.station}，请凭取件码领取", way.city),
        Scan(put + 7, "304", f"【{way.city}】快件已从{way.station}取出，感谢使用", way.city),
    ]
    return Life("collected", tuple(scans))


def no_pickup(way: Way, rng: random.Random) -> Life:
    """The label is printed, the courier comes a day and a half late."""
    late = 24 + 10 + rng.random() * 22
    rest = [
        Scan(scan.after + late - 4, scan.code, scan.text, scan.place)
        for scan in normal(way, rng).scans
        if scan.code != "101"
    ]
    return Life("no_pickup", (_ordered(), *rest), alert_after=24)


def stalled(way: Way, rng: random.Random) -> Life:
    """Forgotten in a transit centre, found again."""
    found = 13 + 48 + 7 + rng.random() * 14
    scans = [
        *_to_city(way, 13),
        Scan(found, "1001", f"【{way.city}】快件已到达 {way.city}转运中心，正在加紧中转", way.city),
        _out(way, found + 9),
        _signed(way, found + 13, rng),
    ]
    return Life("stalled", tuple(scans), alert_after=13 + 48)


def stalled_far_away(way: Way, rng: random.Random) -> Life:
    """The same on a way on which three days without a scan are usual."""
    found = 13 + 72 + 8 + rng.random() * 12
    scans = [
        *_to_city(way, 13),
        Scan(found, "1001", f"【{way.city}】快件已到达 {way.city}分拨中心", way.city),
        _out(way, found + 20),
        _signed(way, found + 26, rng),
    ]
    return Life("stalled_far_away", tuple(scans), alert_after=13 + 72)


def failed_twice(way: Way, rng: random.Random) -> Life:
    """Nobody answers the phone, twice; the third attempt works."""
    text = (
        f"【{way.city}】{way.branch} {way.rider} {way.phone} 派送未成功：电话无人接听，将再次派送"
    )
    scans = [
        *_to_city(way),
        _out(way, 41),
        Scan(45, "206", text, way.city),
        _out(way, 53),
        Scan(56, "206", text.replace("无人接听", "已关机"), way.city),
        _out(way, 67),
        _signed(way, 70, rng),
    ]
    return Life("failed_twice", tuple(scans), alert_after=45)


def not_collected(way: Way, rng: random.Random) -> Life:
    """Lies in the station for more than a day."""
    scans = [
        *_to_city(way),
        _out(way, 40),
        Scan(
            43,
            "501",
            f"【{way.city}】快件已到{way.station}，请及时领取，客服 {way.phone}",
            way.city,
        ),
        Scan(
            43 + 18 + 9 + rng.random() * 26,
            "304",
            f"【{way.city}】快件已从{way.station}取出",
            way.city,
        ),
    ]
    return Life("not_collected", tuple(scans), alert_after=43 + 18)


def refused(way: Way, rng: random.Random) -> Life:
    """Refused at the door and sent back."""
    back = 44 + 9 + rng.random() * 4
    scans = [
        *_to_city(way),
        _out(way, 41),
        Scan(44, "203", f"【{way.city}】收件人拒收，等待寄件人处理。快递员 {way.phone}", way.city),
        Scan(back, "6", f"【{way.city}】快件正在退回寄件地，{way.branch} 已发出", way.city),
        Scan(back + 34, "6", f"【{SENDER_CITY}】退回件已到达 杭州转运中心", SENDER_CITY),
        Scan(back + 46, "4", f"【{SENDER_CITY}】退回件已由寄件人签收", SENDER_CITY),
    ]
    return Life("refused", tuple(scans), alert_after=44)


def damaged(way: Way, rng: random.Random) -> Life:
    """Broken in a transit centre, then returned to the sender."""
    back = 34 + 20 + rng.random() * 10
    scans = [
        *_to_city(way, 13),
        Scan(34, "209", f"【{way.city}】转运中心检查发现外包装破损，内件受损，已登记", way.city),
        Scan(back, "6", f"【{way.city}】破损件退回寄件地", way.city),
        Scan(back + 40, "4", f"【{SENDER_CITY}】退回件已由寄件人签收", SENDER_CITY),
    ]
    return Life("damaged", tuple(scans), alert_after=34)


def overdue(way: Way, rng: random.Random) -> Life:
    """Out for delivery, and then nothing is heard of it for a day and a half."""
    scans = [*_to_city(way), _out(way, 41), _signed(way, 41 + 36 + 6 + rng.random() * 12, rng)]
    return Life("overdue", tuple(scans), alert_after=41 + 36)


def held(way: Way, rng: random.Random) -> Life:
    """Held up by the weather, then goes on."""
    on = 36 + 12 + rng.random() * 14
    scans = [
        *_to_city(way),
        Scan(36, "208", f"【{way.city}】受暴雨天气影响，快件在{way.city}转运中心滞留", way.city),
        Scan(on, "1001", f"【{way.city}】快件离开 {way.city}转运中心，发往 {way.branch}", way.city),
        _out(way, on + 6),
        _signed(way, on + 9, rng),
    ]
    return Life("held", tuple(scans), alert_after=36)


def out_of_area(way: Way, rng: random.Random) -> Life:
    """The address lies outside what the courier delivers to; the buyer fetches it."""
    text = f"【{way.city}】收件地址超出派送范围，请联系网点 {way.phone}"
    scans = [
        *_to_city(way),
        Scan(42, "207", text, way.city),
        Scan(
            42 + 16 + rng.random() * 16,
            "301",
            f"【{way.city}】客户已到网点自提，本人签收",
            way.city,
        ),
    ]
    return Life("out_of_area", tuple(scans), alert_after=42)


def slow(way: Way, rng: random.Random) -> Life:
    """Moves now and then, so slowly that the platform would confirm receipt before it arrives."""
    legs = ("嘉兴", "苏州", "常州", "镇江", "滁州", "合肥")
    moving = [
        Scan(36 + 32 * n, "0", f"【{city}市】快件已到达 {city}转运中心", f"{city}市")
        for n, city in enumerate(legs)
    ]
    scans = [*_to_city(way, 13), *moving, _out(way, 214), _signed(way, 214 + 4, rng)]
    return Life("slow", tuple(scans), alert_after=10 * 24 - 48)


def never_seen_again(way: Way, rng: random.Random) -> Life:
    """Left a transit centre ten days ago."""
    del rng
    return Life("never_seen_again", tuple(_to_city(way, 13)), alert_after=13 + 240)
