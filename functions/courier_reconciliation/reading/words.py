"""The words by which the columns of bills are known (courier bills reference, sections 1.1, 1.2).

Words are in folded form (see `headers.folded`): NFKC, no spaces, lower case, bracketed units taken
off. The order inside a field is the order of preference where several columns have a word of it.
"""

from __future__ import annotations

from collections.abc import Mapping

FIELDS: Mapping[str, tuple[str, ...]] = {
    "waybill": (
        "运单号码", "运单编号", "运单号", "快递单号", "物流单号", "快件单号", "快递运单号",
        "物流运单号", "电子面单号", "面单号", "面单编号", "邮件号码", "邮件号", "邮件编号",
        "货运单号", "运单", "快递号", "包裹号", "票号", "单号", "waybillnumber", "waybillno",
        "waybill", "trackingnumber", "trackingno", "trackingid", "expressorgroundtrackingid",
        "airwaybillnumber", "airwaybill", "awbnumber", "awb", "shipmentnumber", "mailno",
        "billcode",
    ),
    "parent": (
        "母单号", "母运单号", "主单号", "主运单号", "父单号", "parentwaybill", "tdmastertrackingid",
        "mastertrackingnumber", "mastertrackingid", "leadshipmentnumber",
    ),
    "child": ("子单号", "子运单号", "子件单号", "childwaybill", "piecenumber"),
    "return_of": ("退回件关联运单号", "关联运单号", "原运单号", "原单号", "crossreftrackingid"),
    "order_id": (
        "商家订单号", "客户订单号", "平台订单号", "订单号", "订单编号", "订单号码", "客户单号",
        "交易号", "参考号", "ordernumber", "orderno", "orderid", "shipmentreference",
        "shipmentreference1", "originalcustomerreference", "customerreference", "reference",
    ),
    "billed_on": (
        "业务时间", "业务日期", "扫描时间", "扫描日期", "寄件时间", "寄件日期", "揽收时间",
        "揽收日期", "揽件时间", "揽件日期", "发货时间", "发货日期", "收寄日期", "收寄时间",
        "发件日期", "发件时间", "开单时间", "开单日期", "托运日期", "交寄日期", "账单日期",
        "计费时间", "计费日期", "结算时间", "结算日期", "日期", "时间", "shipmentdate", "shipdate",
        "shippedat", "shippingdate", "pickupdate", "transactiondate", "date",
    ),
    "weight": (
        "结算重量", "计费重量", "内部计费重量", "收费重量", "账单重量", "计费重", "结算重",
        "计重", "billedweight", "chargeableweight", "ratedweightamount", "ratedweight",
        "ratedwgt", "billingweight", "重量", "weight",
    ),
    "actual": (
        "实际重量", "实重", "称重重量", "实际称重", "称重", "毛重", "actualweightamount",
        "actualweight", "grossweight", "dhlscaleweight",
    ),
    "volumetric": (
        "体积重量", "体积重", "泡重", "抛重", "材积重", "volumetricweight", "dimweight",
    ),
    "dimensions": (
        "体积", "体积参数", "长宽高", "长*宽*高", "长x宽x高", "尺寸", "dimensions", "规格",
    ),
    "length": ("长度", "长", "length", "dimlength"),
    "width": ("宽度", "宽", "width", "dimwidth"),
    "height": ("高度", "高", "height", "dimheight"),
    "amount": (
        "折扣后应付金额", "折后应付金额", "折后金额", "应付金额", "应收金额", "应付运费合计",
        "优惠后资费", "实收资费", "结算金额", "合计金额", "费用合计", "应付合计", "应收合计",
        "总费用", "总金额", "合计费用", "总运费", "账单金额", "计费金额", "合计", "总计",
        "实收金额", "实收", "应付费用", "应收费用", "netchargeamount", "netcharge", "netchrg",
        "netamount", "totalamount(excl.vat)", "totalamount",
        "totalcharge", "amountdue", "金额", "费用", "amount", "total",
        "chargeamount", "charges", "charge",
    ),
    "list_price": ("标准资费", "原价", "折前金额", "折扣前金额", "原始费用", "标准运费"),
    "freight": (
        "韵达运费", "快递运费", "基础运费", "快件运费", "运费", "中转费", "快递费", "运费金额",
        "transportationchargeamount", "transportationcharge", "weightcharge", "freightamt",
        "freight", "basecharge",
    ),
    "first_weight_price": ("首重费", "首重费用", "首重价格", "首重运费"),
    "step_weight_price": ("续重费", "续重费用", "续重价格", "续重运费"),
    "tax": ("税费", "税额", "税金", "增值税", "totaltax", "taxamount", "tax", "vat"),
    "net": ("收入", "不含税金额", "未税金额", "netofvat"),
    "discount": (
        "折扣/促销", "折扣金额", "优惠金额", "折扣", "优惠", "discount", "返利", "返利金额",
    ),
    "prepaid": (
        "预收面单费", "预付面单费", "已付面单费", "预充金额", "预付金额", "预存金额", "已预付",
    ),
    "remaining": ("剩余应收", "待付金额", "欠款", "currentbalance"),
    "province": (
        "订单目的省份", "目的省份", "目的地省份", "目的地省", "目的省", "收件省份", "收件省",
        "收件人省份", "收货省份", "收货省", "计费省份", "到达省份", "到达省", "到件省份", "到件省",
        "寄达省", "寄达省份", "派件省份", "目的地", "目的", "目的地区", "到件地区", "寄达地",
        "目的地名称", "到达地", "省份", "省", "destinationprovince", "recipientstate",
        "receiverstate", "receiverprovince", "destinationstate", "recpstate", "province", "state",
    ),
    "city": (
        "订单目的城市", "目的城市", "目的地城市", "目的地市", "目的市", "收件城市", "收件市",
        "收货城市", "到达城市", "寄达市", "计费目的地名称", "派件城市", "城市", "市",
        "destinationcity", "recipientcity", "receivercity", "city",
    ),
    "service": (
        "产品类型", "产品名称", "业务类型", "快递产品", "时效类型", "产品", "服务类型", "运输方式",
        "servicetype", "productname", "product", "service", "svc",
    ),
    "charge": (
        "服务", "费用类型", "费用名称", "费用项目", "收费项目", "费用科目", "费用种类", "科目",
        "服务名称", "增值服务", "chargetype", "chargedescription",
    ),
    "pieces": ("件数", "包裹数", "包裹件数", "numberofpieces", "pieces", "packagequantity"),
    "remark": ("备注", "备注信息", "退回件", "退转件", "异常说明", "说明", "remark", "remarks"),
    "customer": ("客户名称", "商家名称", "订单客户", "账单结算对象名称", "店铺", "店铺名称"),
    "payment": ("付款方式", "支付方式", "结算方式", "billoption"),
    "courier": (
        "快递公司", "承运商", "物流公司", "快递名称", "快递", "快递品牌", "物流商", "carrier",
        "courier",
    ),
    "currency": ("币种", "币别", "货币", "currency", "currencycode"),
    # Known, and not read: no part of a price.
    "_value": (
        "声明价值", "保价金额", "保价声明价值", "代收货款", "代收金额", "代收货款金额",
        "declaredvalue", "客户编码", "月结账号", "月结卡号", "账单结算对象编码", "物料结算名称",
        "网点", "网点名称", "始发地", "始发省份", "始发省", "始发城市", "寄件省份", "寄件城市",
        "寄件地区", "原寄地", "寄件人", "寄件公司名称", "收件人", "收件员工号", "收件地址",
        "签收时间", "签收日期", "签收人", "经手人", "回单单号", "托寄物内容", "托寄物数量",
        "托寄物", "序号", "编号", "分表格", "对方地区", "对方公司名称", "附加字段", "快件状态",
        "签收状态", "结算状态", "计费规则", "重量段", "invoicenumber", "invoicedate",
        "invnumber", "invdate", "invcharge", "invoicecharge",
        "totalamount(incl.vat)", "totalextracharges", "totalextracharges(xc)", "weightflag",
        "originalamountdue", "invoiceamount", "duedate", "linetype",
        "zone", "zonecode", "分区", "区域", "单价", "首重", "续重",
    ),
}  # fmt: skip

POSTAGE = frozenset({"优惠后资费", "实收资费"})
"""All that is due where they stand alone; the price of carrying alone beside a sum (合计)."""

REQUIRED_WORDS = {
    "waybill": "a waybill number (运单号)",
    "amount": "an amount (应收金额, 运费 ...)",
}

ONLY_WHOLE = frozenset({"charge", "charges"})
"""Words that are a column's whole name or none of it: `Charge Code` is no amount."""
UNREAD_SUFFIXES = (
    "类型", "状态", "数", "数量", "个数", "来源", "编码", "备注", "时间", "日期", "人", "员",
    "电话", "说明", "单位", "units", "unit",
)  # fmt: skip
"""A header that goes on with one of these is another thing than the word in front of it."""
_OF_MONEY = (
    "class", "code", "currency", "description", "indicator", "name", "number", "packages",
    "parcels", "percent", "pieces", "registration", "shipments", "terms", "type", "weight",
)  # fmt: skip
UNREAD_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "": ("date", "flag", "format", "rate", "unitofmeasure", "uom", "url"),
    "waybill": ("amount", "charge", "description", "pieces", "prefix", "status", "type"),
    "return_of": ("prefix",),
    "billed_on": ("format",),
    "weight": ("charge", "class", "currency", "fee", "source", "tax", "type"),
    "actual": ("currency", "source", "type"),
    "currency": ("amount", "type"),
    "province": ("tax",),
    "city": ("tax",),
    **dict.fromkeys(("amount", "freight", "tax", "discount", "list_price"), _OF_MONEY),
}
"""field -> last words of headers in English that begin like the field and are something else; ""
is for all fields: `Currency Conversion Date`, `Tax Rate`, `Total Pieces`."""

COURIER_TELLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("yto", ("账单结算对象编码",)),
    ("yto", ("账单结算对象名称",)),
    ("yto", ("新西费用",)),
    ("jt", ("内部计费重量",)),
    ("yunda", ("韵达运费",)),
    ("sf", ("运单号码", "服务")),
    ("sf", ("对方地区", "应付金额")),
    ("ems", ("邮件号", "收寄日期")),
    ("ems", ("优惠后资费",)),
    ("sto", ("业务时间",)),
    ("fedex", ("expressorgroundtrackingid",)),
    ("fedex", ("netchrg", "trackingnumber")),
    ("dhl", ("linetype", "shipmentnumber")),
)
"""Headers that only one courier's bills have, the surest first."""

NAMES_IN_TITLES: tuple[tuple[str, str], ...] = (
    ("中通快运", "zto_freight"), ("顺丰快运", "sf_freight"), ("京东快运", "jd_freight"),
    ("百世快运", "best_freight"), ("韵达快运", "yunda_freight"), ("德邦物流", "deppon_freight"),
    ("顺丰", "sf"), ("中通", "zto"), ("圆通", "yto"), ("申通", "sto"), ("韵达", "yunda"),
    ("极兔", "jt"), ("京东", "jd"), ("邮政", "china_post"), ("德邦", "deppon"),
    ("跨越", "kuayue"), ("百世", "best"), ("丹鸟", "danniao"), ("安能", "ane"), ("优速", "uc"),
    ("宅急送", "zjs"), ("丰网", "fengwang"),
)  # fmt: skip
LATIN_NAMES: tuple[tuple[str, str], ...] = (
    ("sf", "sf"), ("zto", "zto"), ("yto", "yto"), ("sto", "sto"), ("yunda", "yunda"),
    ("jt", "jt"), ("jtexpress", "jt"), ("jd", "jd"), ("ems", "ems"), ("deppon", "deppon"),
    ("ups", "ups"), ("fedex", "fedex"), ("dhl", "dhl"), ("best", "best"),
    ("shunfeng", "sf"), ("zhongtong", "zto"), ("yuantong", "yto"), ("shentong", "sto"),
    ("jnt", "jt"), ("jitu", "jt"), ("jingdong", "jd"), ("debang", "deppon"), ("baishi", "best"),
)  # fmt: skip
"""Only as a word of its own in a file name: `sto-2026-10.csv`, not `history.csv`."""
