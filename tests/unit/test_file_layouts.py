"""One made-up export of every layout, in the form in which its platform writes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aftersales.errors import BadInput
from aftersales.parcels import Order, OrderStatus, RefundStatus, Shipment
from tests.export_files import csv_file, csv_of, read, table, xlsx_file, xlsx_sheets

TAOBAO = {
    "订单编号": '="1000000000000000001"',
    "买家会员名": "tb_made_up",
    "买家应付货款": "58.00",
    "买家应付邮费": "0元",
    "总金额": "58.00",
    "买家实际支付金额": "55.50",
    "订单状态": "卖家已发货，等待买家确认",
    "买家留言": "请放门口\n谢谢",
    "收货人姓名": "王小明",
    "收货地址": "广东省 深圳市 南山区 科技路1号",
    "联系手机": "'138****0000",
    "订单创建时间": "2026-05-23 22:02:10",
    "订单付款时间": "2026/5/23 22:05",
    "宝贝标题": "棉麻衬衫",
    "物流单号": "No:YT0000000000001",
    "物流公司": "圆通速递",
    "宝贝总数量": "1",
    "订单关闭原因": "订单未关闭",
}
TAOBAO_ITEM = {
    "子订单编号": "1000000000000000011",
    "主订单编号": "1000000000000000001",
    "商品标题": "棉麻衬衫",
    "购买数量": "2",
    "商家编码": "SHIRT-M",
    "订单状态": "卖家已发货，等待买家确认",
    "买家应付货款": "58.00",
    "买家实付金额": "30.00",
    "退款状态": "没有申请退款",
    "退款金额": "无退款申请",
    "发货时间": "2026-05-24 10:00:00",
    "物流单号": "",
    "物流公司": "",
}
JD = {
    "订单号": "300000000001",
    "商品名称": "保温杯",
    "订购数量": "1",
    "下单时间": "2026-05-23 22:02:10",
    "京东价": "499.00",
    "应付金额": "499.00",
    "订单状态": "等待出库",
    "下单帐号": "jd_made_up",
    "客户姓名": "李**",
    "客户地址": "北京朝阳区建国路1号",
    "联系电话": "1******0000",
    "商家应收": "499.00（系统计算中，该值仅供参考）",
}
PDD = {
    "商品": "抽纸 24包",
    "订单号": "260517-000000000000001",
    "订单状态": "已发货，待收货",
    "商品总价(元)": "1,029.90",
    "用户实付金额(元)": "1,019.90",
    "商家实收金额(元)": "1,019.90",
    "商品数量(件)": "3",
    "订单成交时间": "",
    "发货时间": "2026-05-18 09:00:00",
    "商家编码-规格维度": "ZJ-24",
    "售后状态": "无售后或售后取消",
    "快递单号": "JT0000000000001",
    "快递公司": "极兔速递",
}
DOUYIN = {
    "主订单编号": "'6900000000000000001",
    "子订单编号": "6900000000000000002\t",
    "选购商品": "短袖T恤",
    "商品规格": "白色 L",
    "商品数量": "1",
    "商家编码": "TX-L",
    "订单应付金额": "￥1,089.00",
    "省": "新疆维吾尔自治区",
    "市": "乌鲁木齐市",
    "收件人手机号": "18400000000-1234",
    "订单提交时间": "2026-05-23 22:02:10",
    "订单状态": "已发货",
    "售后状态": "-",
    "快递信息": "YT0000000000002-圆通速递,短袖T恤,白色 L-3500000000001,1;"
    "SF0000000000003-顺丰速运,短袖T恤,白色 L-3500000000001,1",
}
KUAISHOU = {
    "订单号": "2600000000001",
    "订单创建时间": "2026-05-23 22:02:10",
    "订单状态": "交易关闭",
    "实付款": "¥12.00",
    "成交数量": "1",
    "售后状态": "",
    "商品名称": "手机壳",
    "SKU编码": "CASE-1",
    "CPS达人ID": "0",
    "收货地址-省": "浙江省",
    "收货地址-市": "杭州市",
    "快递公司": "",
    "快递单号": "",
}
XIAOHONGSHU = {
    "订单号": "P000000000000000001",
    "订单状态": "已发货",
    "售后状态": "售后处理中",
    "收件人电话": "138****1234",
    "省": "重庆市",
    "市": "市辖区",
    "小红书编码": "xhs-1",
    "SKU名称": "面膜",
    "SKU件数": "5",
    "用户应付金额(元)": "99.00",
    "快递公司": "中通快递",
    "快递单号": "75000000000001",
    "订单创建时间": "2026-05-23 22:02:10",
    "承诺发货时间": "2026-05-25 22:02:10",
    "订单发货时间": "2026-05-24 08:00:00",
}
WECHAT = {
    "订单号": "3700000000000000001",
    "订单下单时间": "2026-05-23 22:02:10",
    "订单状态": "已发货",
    "收件人手机": "13800000000",
    "省": "湖北省",
    "市": "武汉市",
    "订单实际支付金额": "20.00",
    "物流公司": "邮政快递包裹",
    "快递单号": "9800000000001",
    "带货方式": "自营",
    "商品名称": "茶叶",
    "SKU编码(自定义)": "TEA",
    "商品数量": "2",
}
ALIBABA = {
    "订单编号": "2000000000000000001",
    "买家会员名": "b2b_made_up",
    "货品总价(元)": "900.00",
    "实付款(元)": "905.00",
    "订单状态": "已发货",
    "订单创建时间": "2026-05-23 22:02:10",
    "收货地址": "浙江省 义乌市 稠州路1号",
    "货品标题": "玻璃杯",
    "数量": "100",
    "单品货号": "CUP-1",
    "Offer ID": "600000000001",
    "物流公司": "德邦快递",
    "运单号": "DPK000000000001",
}
YOUZAN = {
    "订单号": "E20260523220210000000001",
    "订单状态": "待发货",
    "订单创建时间": "2026-05-23 22:02:10",
    "订单实付金额": "66.00",
    "全部商品名称": "蜂蜜(1件)",
    "收货人/提货人": "王*",
    "收货人手机号/提货人手机号": "13800000000",
    "收货人省份": "四川省",
    "收货人城市": "成都市",
}
JUSHUITAN = {
    "内部订单号": "900001",
    "线上订单号": "1000000000000000001,1000000000000000002",
    "店铺名称": "小店",
    "下单时间": "2026-05-23 22:02:10",
    "状态": "已发货",
    "快递单号": "YT0000000000005",
    "快递公司": "菜鸟圆通",
    "商品编码": "A1",
    "商品名称": "袜子",
    "数量": "3",
    "已付金额": "30",
}
WANGDIANTONG = {
    "店铺": "小店",
    "订单编号": "JY202605230001",
    "原始单号": "1000000000000000003",
    "订单状态": "已完成",
    "交易时间": 46165.5,
    "发货时间": "任意时间",
    "客户网名": "wd_made_up",
    "物流公司": "申通快递",
    "物流单号": "773000000000001",
    "商家编码": "B2",
    "货品名称": "毛巾",
    "货品数量": 2,
}
GUANYI = {
    "订单编号": "SO0001",
    "平台单号": "1000000000000000004",
    "会员名称": "gy_made_up",
    "拍单时间": "2026-05-23 22:02:10",
    "物流公司": "韵达快递",
    "物流单号": "430000000000001",
    "发货状态": "全部发货",
}
SHOPIFY = {
    "Name": "#1001",
    "Financial Status": "partially_refunded",
    "Paid at": "2026-05-01 10:00:00 +0900",
    "Fulfillment Status": "fulfilled",
    "Fulfilled at": "2026-05-02 10:00:00 +0900",
    "Currency": "JPY",
    "Total": "5400",
    "Created at": "2026-05-01 09:59:00 +0900",
    "Lineitem quantity": "2",
    "Lineitem name": "Mug",
    "Lineitem sku": "MUG",
    "Shipping City": "Osaka",
    "Shipping Country": "JP",
    "Cancelled at": "",
    "Refunded Amount": "400",
}
WOO = {
    "order_id": "77",
    "order_number_formatted": "W-77",
    "date": "5/31/2026 0:37",
    "status": "processing",
    "order_total": "25.00",
    "shipping_country": "US",
}
AMAZON_UNSHIPPED = {
    "order-id": "111-0000000-0000001",
    "order-item-id": "50000000000001",
    "purchase-date": "2026-05-01T10:00:00-07:00",
    "promise-date": "2026-05-04T06:59:59+00:00",
    "sku": "AM-1",
    "product-name": "Desk lamp",
    "quantity-purchased": "1",
    "quantity-to-ship": "1",
    "ship-city": "Seattle",
    "ship-country": "US",
}
AMAZON_ALL = {
    "amazon-order-id": "111-0000000-0000002",
    "purchase-date": "2026-05-01T10:00:00+00:00",
    "order-status": "Shipped",
    "product-name": "Desk lamp",
    "sku": "AM-1",
    "quantity": "1",
    "currency": "USD",
}
EBAY = {
    "Sales Record Number": "12",
    "Order Number": "10-00000-00001",
    "Buyer Username": "ebay_made_up",
    "Item Title": "Cable",
    "Custom Label (SKU)": "CB",
    "Quantity": "1",
    "Total Price": "$25.00",
    "Sale Date": "Sep-27-26",
    "Tracking Number": "9400100000000123456780",
}


def only(orders: tuple[Order, ...]) -> Order:
    assert len(orders) == 1
    return orders[0]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "layout", "order_id", "status", "numbers"),
    [
        (TAOBAO, "taobao_orders", "1000000000000000001", "shipped", ["YT0000000000001"]),
        (TAOBAO_ITEM, "taobao_items", "1000000000000000001", "shipped", []),
        (JD, "jd_orders", "300000000001", "paid", []),
        (PDD, "pdd_orders", "260517-000000000000001", "shipped", ["JT0000000000001"]),
        (
            DOUYIN,
            "douyin_orders",
            "6900000000000000001",
            "shipped",
            ["SF0000000000003", "YT0000000000002"],
        ),
        (KUAISHOU, "kuaishou_orders", "2600000000001", "closed", []),
        (XIAOHONGSHU, "xiaohongshu", "P000000000000000001", "shipped", ["75000000000001"]),
        (WECHAT, "wechat_shop", "3700000000000000001", "shipped", ["9800000000001"]),
        (ALIBABA, "1688", "2000000000000000001", "shipped", ["DPK000000000001"]),
        (YOUZAN, "youzan", "E20260523220210000000001", "paid", []),
        (WANGDIANTONG, "wangdiantong", "1000000000000000003", "finished", ["773000000000001"]),
        (GUANYI, "guanyi", "1000000000000000004", "unknown", ["430000000000001"]),
        (SHOPIFY, "shopify", "#1001", "shipped", []),
        (WOO, "woocommerce", "W-77", "paid", []),
        (AMAZON_UNSHIPPED, "amazon_unshipped", "111-0000000-0000001", "paid", []),
        (AMAZON_ALL, "amazon_orders", "111-0000000-0000002", "shipped", []),
        (EBAY, "ebay", "10-00000-00001", "unknown", ["9400100000000123456780"]),
    ],
)
def test_every_export_is_recognised_by_its_columns(row, layout, order_id, status, numbers):
    # ="..." would be a formula in a workbook
    in_workbook = {**row, "订单编号": order_id} if layout == "taobao_orders" else row
    for content in (csv_of(row), xlsx_file(table(in_workbook))):
        reading = read(content)
        assert (reading.layout, reading.rejected) == (layout, ())
        order = only(reading.orders)
        assert (order.order_id, str(order.status)) == (order_id, status)
        assert [shipment.waybill_number for shipment in order.shipments] == numbers


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_is_read_in_every_usual_encoding_and_with_every_delimiter(encoding, delimiter):
    reading = read(csv_file(table(TAOBAO), encoding, delimiter))
    order = only(reading.orders)
    assert order.raw_status == "卖家已发货，等待买家确认"
    assert (order.province, order.city) == ("广东", "深圳市")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_is_recognised_without_its_mark(encoding):
    assert only(read(csv_of(PDD, encoding=encoding)).orders).province == ""


@pytest.mark.parametrize("name", ["orders.csv", "orders.xls", "orders.xlsx", "orders"])
def test_the_content_counts_and_not_the_extension(name):
    assert read(csv_of(PDD), name).orders == read(xlsx_file(table(PDD)), name).orders


def test_a_taobao_order_is_read_whole_and_without_personal_data():
    order = only(read(csv_of(TAOBAO)).orders)
    assert order == Order(
        shop_id="tb1",
        order_id="1000000000000000001",
        status=OrderStatus.SHIPPED,
        raw_status="卖家已发货，等待买家确认",
        created_at=at(2026, 5, 23, 14, 2, 10),
        paid_at=at(2026, 5, 23, 14, 5),
        amount_minor=5550,
        currency="CNY",
        buyer_ref="tb_made_up",
        phone_tail="0000",
        province="广东",
        city="深圳市",
        country="CN",
        shipments=(Shipment("YT0000000000001", "yto", "圆通速递"),),
    )


def test_an_item_list_adds_lines_and_says_that_there_is_no_request():
    order = only(read(csv_of(TAOBAO_ITEM)).orders)
    line = order.lines[0]
    assert (line.title, line.quantity, line.sku) == ("棉麻衬衫", 2, "SHIRT-M")
    assert (line.amount_minor, line.line_id) == (3000, "1000000000000000011")
    assert (order.refund, order.refund_amount_minor) == (RefundStatus.NONE, None)
    assert order.amount_minor is None


def test_a_day_in_the_order_number_stands_in_for_an_empty_time_only():
    assert only(read(csv_of(PDD)).orders).created_at == at(2026, 5, 16, 16)
    filled = {**PDD, "订单成交时间": "2026-05-17 12:00:00"}
    assert only(read(csv_of(filled)).orders).created_at == at(2026, 5, 17, 4)


def test_amounts_lose_commas_and_signs():
    assert only(read(csv_of(PDD)).orders).amount_minor == 101990
    assert only(read(csv_of(DOUYIN)).orders).amount_minor == 108900
    assert only(read(csv_of(KUAISHOU)).orders).amount_minor == 1200
    assert only(read(csv_of(SHOPIFY)).orders).amount_minor == 5400
    assert only(read(csv_of(EBAY)).orders).amount_minor == 2500


def test_a_douyin_cell_names_couriers_and_parcels():
    order = only(read(csv_of(DOUYIN)).orders)
    assert {(s.waybill_number, s.courier) for s in order.shipments} == {
        ("YT0000000000002", "yto"),
        ("SF0000000000003", "sf"),
    }
    assert (order.province, order.city, order.phone_tail) == ("新疆", "乌鲁木齐市", "0000")
    assert (order.refund, order.lines[0].line_id) == (RefundStatus.NONE, "6900000000000000002")


def test_a_municipality_is_its_own_city():
    order = only(read(csv_of(XIAOHONGSHU)).orders)
    assert (order.province, order.city, order.refund) == ("重庆", "重庆市", RefundStatus.OPEN)
    assert order.ship_by == at(2026, 5, 25, 14, 2, 10)


def test_orders_that_an_erp_merged_share_the_parcel_but_no_goods_and_no_money():
    reading = read(csv_of(JUSHUITAN))
    assert reading.layout == "jushuitan"
    assert [order.order_id for order in reading.orders] == [
        "1000000000000000001",
        "1000000000000000002",
    ]
    for order in reading.orders:
        assert order.shipments == (Shipment("YT0000000000005", "yto", "菜鸟圆通"),)
        assert (order.lines, order.amount_minor) == ((), None)


def test_times_of_chinese_exports_are_chinese_and_others_have_their_offset():
    assert only(read(csv_of(SHOPIFY)).orders).paid_at == at(2026, 5, 1, 1)
    assert only(read(csv_of(AMAZON_UNSHIPPED)).orders).created_at == at(2026, 5, 1, 17)
    assert only(read(xlsx_file(table(WANGDIANTONG))).orders).created_at == at(2026, 5, 23, 4)
    assert only(read(csv_of(WANGDIANTONG)).orders).shipped_at is None


def test_a_shopify_order_tells_payment_from_shipping():
    order = only(read(csv_of(SHOPIFY)).orders)
    assert (order.refund, order.refund_amount_minor) == (RefundStatus.PARTIAL, 400)
    assert (order.currency, order.country) == ("JPY", "JP")
    open_order = {**SHOPIFY, "Financial Status": "pending", "Fulfillment Status": "unfulfilled"}
    assert only(read(csv_of(open_order)).orders).status is OrderStatus.UNPAID
    cancelled = {**SHOPIFY, "Cancelled at": "2026-05-02 10:00:00 +0900"}
    assert only(read(csv_of(cancelled)).orders).status is OrderStatus.CLOSED


def test_shopify_states_an_order_on_its_first_row_only():
    second = {"Name": "#1001", "Lineitem name": "Plate", "Lineitem sku": "PL"}
    order = only(read(csv_of(SHOPIFY, second)).orders)
    assert order.status is OrderStatus.SHIPPED
    assert [line.sku for line in order.lines] == ["MUG", "PL"]


def test_ebay_puts_lines_around_its_table():
    header, data = table(EBAY)
    width = len(header)
    rows = [
        [""] * width,
        header,
        [""] * width,
        data,
        [""] * width,
        ["1", "record(s) downloaded,"],
        ["Seller ID : made_up"],
    ]
    reading = read(csv_file(rows))
    assert (len(reading.orders), reading.rejected, reading.rows_read) == (1, (), 1)


@pytest.mark.parametrize(
    ("row", "layout", "refund", "amount"),
    [
        (
            {
                "订单编号": "1000000000000000001",
                "退款编号": "200000001",
                "买家实际支付金额": "55.50",
                "买家退款金额": "20.00",
                "退款状态": "退款成功",
                "部分退款/全部退款": "部分退款",
                "退货物流单号": "YT0000000000099",
            },
            "taobao_refunds",
            RefundStatus.PARTIAL,
            2000,
        ),
        (
            {"售后编号": "1", "订单编号": "260517-000000000000001", "售后状态": "待商家处理"},
            "pdd_after_sales",
            RefundStatus.OPEN,
            None,
        ),
        (
            {
                "售后单号": "7000000000001",
                "订单号": "6900000000000000001",
                "商品单号": "6900000000000000002",
                "退商品金额（元）": "89.00",
                "售后状态": "同意退款，退款成功",
                "退货物流单号": "YT0000000000099",
            },
            "douyin_after_sales",
            RefundStatus.DONE,
            8900,
        ),
        (
            {
                "售后单号": "8000000000001",
                "订单编号": "2600000000001",
                "买家ID": "1",
                "售后状态": "换货成功",
                "退款金额": "",
            },
            "kuaishou_after_sales",
            RefundStatus.NONE,
            None,
        ),
        (
            {
                "售后单号": "9",
                "内部订单号": "900001",
                "线上订单号": "1000000000000000001",
                "线上状态": "卖家已发货，等待买家确认",
                "货物状态": "买家已收到货",
            },
            "jushuitan_after_sales",
            RefundStatus.UNKNOWN,
            None,
        ),
    ],
)
def test_after_sales_exports_tell_of_requests_and_never_watch_what_comes_back(
    row, layout, refund, amount
):
    reading = read(csv_of(row))
    order = only(reading.orders)
    assert (reading.layout, order.refund, order.refund_amount_minor) == (layout, refund, amount)
    assert order.shipments == ()


def test_a_refund_without_an_amount_column_is_the_whole_amount():
    row = {**PDD, "售后状态": "退款成功"}
    order = only(read(csv_of(row)).orders)
    assert (order.refund, order.refund_amount_minor) == (RefundStatus.DONE, 101990)


@pytest.mark.parametrize(
    "headers",
    [
        ("订单编号", "运单号", "物流公司"),
        ("订单号", "快递单号", "快递公司"),
        ("order_id", "tracking_number", "carrier"),
        ("Order Number", "Tracking Number", "Courier"),
        ("订单号", "运单号", "承运商"),
    ],
)
def test_a_plain_shipment_file_needs_two_columns_only(headers):
    rows = [headers, ["100001", "YT0000000000001", "圆通快递"], ["100002", "YT0000000000001", ""]]
    reading = read(csv_file(rows))
    assert [order.order_id for order in reading.orders] == ["100001", "100002"]
    assert {s.waybill_number for order in reading.orders for s in order.shipments} == {
        "YT0000000000001"
    }


def test_numbered_columns_are_several_parcels():
    row = {
        "订单编号": "100001",
        "物流方式1": "圆通速递",
        "物流单号1": "YT0000000000001",
        "物流方式2": "顺丰速运",
        "物流单号2": "SF0000000000001",
    }
    assert [(s.waybill_number, s.courier) for s in only(read(csv_of(row)).orders).shipments] == [
        ("SF0000000000001", "sf"),
        ("YT0000000000001", "yto"),
    ]


def test_the_sheet_with_the_known_header_is_taken():
    content = xlsx_sheets({"说明": [["导出说明"], ["请勿修改"]], "包裹详情": table(XIAOHONGSHU)})
    reading = read(content, "xhs.xlsx")
    assert (reading.sheet, len(reading.orders)) == ("sheet 2", 1)


def test_an_export_without_waybills_says_what_else_to_drop():
    assert any("shipment file" in note for note in read(csv_of(JD)).notes)
    assert not any("shipment file" in note for note in read(csv_of(PDD)).notes)


def test_a_missing_column_is_named_with_those_seen():
    row = {**TAOBAO, "订单编码": "1"}
    del row["订单编号"]
    with pytest.raises(BadInput) as caught:
        read(csv_of(row), "may.csv")
    told = str(caught.value)
    assert told.startswith("may.csv: looks like taobao_orders")
    for part in ("订单编号", "订单编码 meant to be 订单编号", "买家会员名"):
        assert part in told


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["a", "b"], ["1", "2"]], "Columns seen: a, b"),
        ([["订单编号", "备注"], ["1", "x"]], "快递单号"),
        ([["订单编号", "评价内容"], ["1", "好"]], "reviews"),
    ],
)
def test_a_file_without_use_is_refused_with_a_reason(rows, told):
    with pytest.raises(BadInput) as caught:
        read(csv_file(rows))
    assert told in str(caught.value)


def test_a_column_that_is_nearly_known_is_pointed_out():
    notes = read(csv_of({"订单号": "1", "订单状态": "待发货", "快递单好": "YT0000000000001"})).notes
    assert any("快递单好" in note and "快递单号" in note for note in notes)
