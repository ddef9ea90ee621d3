"""The province that a bill means, in short form, whatever it writes."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from aftersales.platforms.regions import MUNICIPALITIES, PROVINCES

OUTSIDE = ("香港", "澳门", "台湾")

_PREFECTURES: dict[str, str] = {
    "河北": "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 雄安",
    "山西": "太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁",
    "内蒙古": "呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 "
    "巴彦淖尔 乌兰察布 兴安 锡林郭勒 阿拉善",
    "辽宁": "沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛",
    "吉林": "长春 四平 辽源 通化 白山 松原 白城 延边",
    "黑龙江": "哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 "
    "佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭",
    "江苏": "南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁",
    "浙江": "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌",
    "安徽": "合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城",
    "福建": "福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德",
    "江西": "南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶",
    "山东": "济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽",
    "河南": "郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 "
    "漯河 三门峡 南阳 商丘 信阳 周口 驻马店 济源",
    "湖北": "武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 "
    "黄冈 咸宁 随州 恩施 仙桃 潜江 天门 神农架",
    "湖南": "长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西",
    "广东": "广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 "
    "梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮",
    "广西": "南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左",
    "海南": "海口 三亚 三沙 儋州 琼海 文昌 万宁 东方 五指山",
    "四川": "成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 "
    "眉山 宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山",
    "贵州": "贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南",
    "云南": "昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆",
    "西藏": "拉萨 日喀则 昌都 林芝 山南 那曲 阿里",
    "陕西": "西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛",
    "甘肃": "兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南",
    "青海": "西宁 海东 海北 黄南 果洛 玉树 海西",
    "宁夏": "银川 石嘴山 吴忠 固原 中卫",
    "新疆": "乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 "
    "克孜勒苏 喀什 和田 伊犁 塔城 阿勒泰 石河子",
}  # fmt: skip
"""Prefecture-level cities, for bills that name no province. 吉林, 海南 (a prefecture of Qinghai)
and 朝阳 (a district of Beijing) share their name; 市 or 州 behind it tells them apart."""

_SUFFIX = r"(?:省|市|特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|省份)?"
_CITY_SUFFIX = r"(?:市|地区|盟|林区|[一-鿿]{0,8}自治州|州)$"
_SPLIT = re.compile(r"[/、,;|\s-]+")
_LATIN = {
    "beijing": "北京", "tianjin": "天津", "shanghai": "上海", "chongqing": "重庆",
    "hebei": "河北", "shanxi": "山西", "liaoning": "辽宁", "jilin": "吉林",
    "heilongjiang": "黑龙江", "jiangsu": "江苏", "zhejiang": "浙江", "anhui": "安徽",
    "fujian": "福建", "jiangxi": "江西", "shandong": "山东", "henan": "河南", "hubei": "湖北",
    "hunan": "湖南", "guangdong": "广东", "hainan": "海南", "sichuan": "四川", "guizhou": "贵州",
    "yunnan": "云南", "shaanxi": "陕西", "gansu": "甘肃", "qinghai": "青海",
    "innermongolia": "内蒙古", "neimenggu": "内蒙古", "guangxi": "广西", "tibet": "西藏",
    "xizang": "西藏", "ningxia": "宁夏", "xinjiang": "新疆", "hongkong": "香港", "macau": "澳门",
    "macao": "澳门", "taiwan": "台湾",
}  # fmt: skip


@cache
def _front() -> re.Pattern[str]:
    names = sorted((*PROVINCES, *OUTSIDE, "内蒙"), key=len, reverse=True)
    return re.compile(rf"(?:中国)?({'|'.join(names)}){_SUFFIX}")


@cache
def _cities() -> dict[str, str]:
    return {city: province for province, names in _PREFECTURES.items() for city in names.split()}


@lru_cache(maxsize=65536)
def place(text: str) -> tuple[str, str]:
    """(province in short form, city or "") of a place as a bill writes it.

    `广西壮族自治区` is 广西, `重庆市/重庆` is 重庆, `成都/资阳/眉山` is 四川. It is matched
    from the front and never by what it contains: 吉林市 lies in 吉林, 海南藏族自治州 in 青海.
    What is in none of these (states of other countries) stays as it is written.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return "", ""
    if re.match(r"海南(?:藏族|州)", plain):
        return "青海", plain
    match = _front().match(plain)
    if match:
        province = "内蒙古" if match[1] == "内蒙" else match[1]
        rest = _SPLIT.sub(" ", plain[match.end() :]).strip()
        return province, "" if rest in ("", province) else rest.split(" ")[0][:40]
    for part in _SPLIT.split(plain):
        bare = part if part in _cities() else re.sub(_CITY_SUFFIX, "", part)
        if bare in _cities():
            return _cities()[bare], part
    whole = re.sub(r"(?<=[一-鿿]) +(?=[一-鿿])", "", plain)
    if whole != plain:
        return place(whole)  # a blank within a name
    latin = _LATIN.get(re.sub(r"[^a-z]|province|city|municipality", "", plain.casefold()))
    return (latin, "") if latin else (plain[:40], "")


@cache
def usual() -> tuple[tuple[str, str, str], ...]:
    """(as written, province, city) of the writings that nearly every bill uses."""
    full = {"内蒙古": "内蒙古自治区", "广西": "广西壮族自治区", "西藏": "西藏自治区",
            "宁夏": "宁夏回族自治区", "新疆": "新疆维吾尔自治区", "香港": "香港特别行政区",
            "澳门": "澳门特别行政区"}  # fmt: skip
    found = []
    for name in (*PROVINCES, *OUTSIDE):
        longer = full.get(name) or name + ("市" if name in MUNICIPALITIES else "省")
        found += [(name, name, ""), (longer, name, "")]
    return (*found, ("内蒙", "内蒙古", ""))
