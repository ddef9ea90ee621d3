"""What exports call their columns, and by which columns each export is told from the others.

Data only (export files reference, sections 1 to 7): headers as they stand in the files, compared in
the folded form of `headers.py`. Within a field the first header that is found wins. Names that the
reference does not list stand last in each row.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

SYNONYMS: dict[str, tuple[str, ...]] = {
    "order_id": (
        "主订单编号", "线上订单号", "子单原始单号", "原始单号", "平台单号", "平台订单号",
        "订单编号", "订单号", "Order Number", "order-id", "amazon-order-id",
        "order_number_formatted", "订单ID", "交易编号", "order_number", "order_id", "Order ID",
        "Order No",
    ),
    "line_id": (
        "线上子订单编号", "子订单编号", "商品单号", "子单原始子单号", "原始子单号", "order-item-id",
        "Transaction ID",
    ),
    "status": ("订单状态", "交易状态", "状态", "order-status", "order_status", "status"),
    "buyer_ref": (
        "买家会员名", "买家会员名称", "买家昵称", "下单帐号", "下单账号", "客户网名", "会员名称",
        "买家ID", "用户编号", "Buyer Username",
    ),
    "phone": (
        "联系手机", "收件人手机", "收件人手机号", "收件人电话", "收货人电话", "收货人手机号",
        "收货人手机号/提货人手机号", "提货人手机号", "联系电话", "手机", "手机号", "电话",
        "Shipping Phone", "phone",
    ),
    "address": (
        "修改后的收货地址", "收货地址", "详细地址", "收件人地址", "客户地址", "详细收货地址",
        "详细收货地址/提货地址", "收货人地址",
    ),
    "province": (
        "省", "省份", "收货人省份", "收件人省份", "收货省份", "收货地址-省", "Shipping Province",
        "ship-state", "province",
    ),
    "city": (
        "市", "城市", "收货人城市", "收件人城市", "收货城市", "收货地址-市", "Shipping City",
        "ship-city", "Ship To City", "city",
    ),
    "country": (
        "Shipping Country", "ship-country", "Ship To Country", "国家", "收货国家", "country",
    ),
    "currency": ("currency", "币种"),
    "created_at": (
        "订单创建时间", "订单提交时间", "订单下单时间", "下单时间", "买家下单时间", "拍单时间",
        "交易时间", "拼单成功时间", "订单成交时间", "purchase-date", "Created at", "Sale Date",
        "created_at", "创建时间", "date",
    ),
    "paid_at": (
        "订单付款时间", "支付完成时间", "订单支付时间", "买家付款时间", "付款确认时间", "支付时间",
        "付款时间", "Paid at", "payments-date", "Paid On Date", "paid_at",
    ),
    "shipped_at": (
        "发货时间", "订单发货时间", "出库时间", "Fulfilled at", "shipped_at", "ship_date",
    ),
    "ship_by": (
        "承诺发货时间", "应发货时间", "预售/承诺发货时间", "预售订单截止发货时间", "promise-date",
    ),
    "finished_at": ("订单完成时间", "确认收货时间", "订单确认收货时间"),
    "amount_payable": (
        "总金额", "订单应付金额", "用户应付金额(元)", "应付金额", "订单金额", "Total",
        "Total Price", "order_total", "订单总金额",
    ),
    "amount_paid": (
        "买家实际支付金额", "买家实付金额", "用户实付金额(元)", "实付款", "实付款(元)",
        "订单实付金额", "订单实际支付金额", "订单支付金额", "已付金额", "买家实付",
    ),
    "title": (
        "宝贝标题", "商品标题", "选购商品", "货品标题", "全部商品名称", "商品名称", "货品名称",
        "SKU名称", "商品", "Lineitem name", "product-name", "Item Title",
    ),
    "sku": (
        "商家编码-规格维度", "商家编码-SKU维度", "SKU编码(自定义)", "商家SKUID", "商家编码",
        "SKU编码", "规格编码", "单品货号", "商品编码", "外部系统编号", "货号", "Lineitem sku",
        "规格代码", "Custom Label (SKU)", "sku",
    ),
    "quantity": (
        "商品数量(件)", "商品数量", "购买数量", "订购数量", "宝贝总数量", "成交数量", "SKU件数",
        "货品数量", "数量", "Lineitem quantity", "quantity-purchased", "quantity",
    ),
    "waybill_number": (
        "快递单号", "物流单号", "运单号", "快递信息", "发货物流单号", "Tracking Number",
        "发货快递单号", "运单编号", "物流运单号", "快递运单号", "运单号码", "快递编号",
        "tracking_number", "Tracking No", "waybill_number", "waybill", "awb",
    ),
    "weight": (
        "称重重量", "实际重量", "包裹重量", "发货重量", "订单重量", "重量", "Parcel Weight",
        "parcel_weight", "weight",
    ),
    "size": ("包裹尺寸", "包裹长宽高", "外箱尺寸", "Parcel Size", "parcel_dimensions"),
    "length": ("包裹长", "包裹长度", "Parcel Length", "parcel_length"),
    "width": ("包裹宽", "包裹宽度", "Parcel Width", "parcel_width"),
    "height": ("包裹高", "包裹高度", "Parcel Height", "parcel_height"),
    "service": ("快递产品", "物流产品", "快递产品类型", "courier_service"),
    "declared_value": ("保价金额", "保价声明价值", "声明价值", "declared_value"),
    "cash_on_delivery": ("代收货款", "代收货款金额", "代收金额", "cod_amount"),
    "courier_name": (
        "快递公司", "物流公司", "承运商", "物流方式", "快递名称", "物流名称", "快递", "物流服务商",
        "courier", "carrier", "Shipping Carrier", "Tracking Company",
    ),
    "refund_id": ("退款编号", "售后单号", "售后编号", "服务单号", "退款单号"),
    "refund_amount": (
        "买家退款金额", "退商品金额(元)", "商品已退款金额", "退款金额", "退款金额(元)",
        "Refunded Amount",
    ),
    "refund_status": (
        "退款状态", "售后状态", "商品售后", "订单退款状态", "服务单状态",
    ),
    "refund_applied_at": ("退款的申请时间", "售后申请时间", "申请时间"),
    "refund_done_at": ("退款完结时间", "售后完结时间", "完结时间", "商家退款时间"),
    "receiver": (
        "收货人姓名", "收件人姓名", "收货人/提货人", "收货人", "收件人", "客户姓名",
        "Shipping Name", "recipient-name", "Ship To Name",
    ),
    "remark": (
        "买家留言", "主订单买家留言", "用户备注", "买家备注", "商家备注", "卖家备注", "客服备注",
        "订单备注",
    ),
}  # fmt: skip
"""Field -> headers. `receiver` and `remark` only help to recognise a header row."""

FIRST_FILLED = frozenset({"phone", "address"})
"""Fields of which all columns count: the first one that is filled in a row is taken."""

UNREAD = frozenset({"receiver", "remark"})
"""Personal data that the desk has no use for."""


class Layout(Struct, frozen=True):
    """One kind of export.

    `tell_tale`: headers which together no other export has. `columns`: fields that stand here under
    a name which means something else elsewhere (an empty tuple: not to be read here). `beijing`:
    times without an offset are Chinese, whatever the shop's zone. `several_ids`: a cell may name
    several orders that were merged. `lines_have_refunds`: after-sales columns belong to the line.
    `after_sales`: each row is a request, not an order. `all_unshipped`: there is no status column,
    because only paid, unshipped orders are listed. `month_first`: 5/31/2026 is the end of May.
    """

    name: str
    tell_tale: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beijing: bool = True
    several_ids: bool = False
    lines_have_refunds: bool = False
    after_sales: bool = False
    all_unshipped: bool = False
    month_first: bool = False


LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "jushuitan_after_sales", ("售后单号", "内部订单号", "线上订单号"),
        {"status": ("线上状态",)}, after_sales=True, several_ids=True,
    ),
    Layout(
        "jushuitan", ("内部订单号", "线上订单号"),
        {"line_id": ("线上子订单编号", "原始线上订单号", "子订单编号")}, several_ids=True,
    ),
    Layout("wangdiantong", ("原始单号", "客户网名"), several_ids=True),
    Layout("wangdiantong", ("子单原始单号",), several_ids=True),
    Layout("wangdiantong", ("原始单号", "货品名称"), several_ids=True),
    Layout("guanyi", ("平台单号", "会员名称"), several_ids=True),
    Layout("douyin_orders", ("主订单编号", "选购商品"), lines_have_refunds=True),
    Layout("douyin_after_sales", ("售后单号", "商品单号"), {"status": ()}, after_sales=True),
    Layout("kuaishou_orders", ("成交数量", "CPS达人ID")),
    Layout("kuaishou_after_sales", ("售后单号", "买家ID"), {"status": ()}, after_sales=True),
    Layout(
        "taobao_refunds", ("退款编号", "买家退款金额"),
        {"status": (), "refund_extent": ("部分退款/全部退款",)}, after_sales=True,
    ),
    Layout(
        "taobao_orders", ("买家应付货款", "宝贝总数量"),
        {"refund_status": (), "title": (), "sku": (), "quantity": ()},
    ),
    Layout(
        "taobao_items", ("子订单编号", "商品标题"),
        {
            "order_id": ("主订单编号", "订单编号"), "line_amount": ("买家实付金额",),
            "amount_paid": (), "amount_payable": (),
        },
        lines_have_refunds=True,
    ),
    Layout("jd_after_sales", ("服务单号", "订单号"), {"status": ()}, after_sales=True),
    Layout("jd_orders", ("京东价", "客户姓名")),
    Layout("pdd_orders", ("订单号", "商家实收金额(元)")),
    Layout("pdd_after_sales", ("售后编号", "订单编号"), after_sales=True),
    Layout("xiaohongshu", ("SKU件数", "小红书编码")),
    Layout("wechat_shop", ("订单下单时间", "带货方式"), lines_have_refunds=True),
    Layout("1688", ("货品标题", "Offer ID")),
    Layout("youzan", ("收货人/提货人",), {"title": ()}),
    Layout(
        "shopify", ("Name", "Financial Status"),
        {
            "order_id": ("Name",), "status": ("Fulfillment Status",),
            "refund_status": ("Financial Status",), "cancelled_at": ("Cancelled at",),
        },
        beijing=False,
    ),
    Layout(
        "woocommerce", ("order_id", "order_number_formatted"),
        {"city": ("shipping_city",), "country": ("shipping_country",)},
        beijing=False, month_first=True,
    ),
    Layout("amazon_unshipped", ("order-id", "quantity-to-ship"), beijing=False, all_unshipped=True),
    Layout("amazon_orders", ("amazon-order-id",), beijing=False),
    Layout("ebay", ("Sales Record Number", "Order Number"), beijing=False, month_first=True),
)  # fmt: skip

PLAIN = Layout("plain", beijing=False, several_ids=True)
"""No known export: an order number with a waybill number or a status, in whatever form."""
