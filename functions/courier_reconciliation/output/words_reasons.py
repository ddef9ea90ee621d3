"""Why a row, sheet or file could not be used or judged, and what was noted, in Chinese.

Reading and pricing word it in English, one phrase after the other; each is known here.
"""

from __future__ import annotations

from courier_reconciliation.output.phrases import Phrase, Phrasebook

_SEEN: tuple[Phrase, ...] = (
    (r"a waybill number \(运单号\)", "运单号", "運單號"),
    (r"an amount \(应收金额, 运费 \.\.\.\)", "金额（应收金额、运费……）",
     "金額（應收金額、運費……）"),
    (r"(a waybill number \(.+\)) and (an amount \(.+\))", "{0}和{1}", "{0}和{1}"),
)  # fmt: skip
_FILES: tuple[Phrase, ...] = (
    (r"the file is empty", "文件是空的", "檔案是空的"),
    (r"the workbook is empty", "工作簿是空的", "活頁簿是空的"),
    (r"the file cannot be read: (.+)", "文件无法读取：{0}", "檔案無法讀取：{0}"),
    (r"this is (.+), no workbook", "这是{0}，不是工作簿", "這是{0}，不是活頁簿"),
    (r"this is an XML spreadsheet of 2003", "这是 2003 版 XML 表格", "這是 2003 版 XML 試算表"),
    (r"this is no table \(JSON or XML\)", "这不是表格（是 JSON 或 XML）",
     "這不是表格（是 JSON 或 XML）"),
    (r"this is neither a text file nor a workbook", "这既不是文本文件，也不是工作簿",
     "這既不是文字檔，也不是活頁簿"),
    (r"a PDF", "PDF", "PDF"),
    (r"a picture", "图片", "圖片"),
    (r"a text document", "文字文档", "文字文件"),
    (r"a (\w+) archive", " {0} 压缩包", " {0} 壓縮檔"),
    (r"this is a web page without a table", "这是没有表格的网页", "這是沒有表格的網頁"),
    (r"this is a web page of more than (\d+) MB saved as a workbook",
     "这是另存为工作簿的网页，超过 {0} MB", "這是另存為活頁簿的網頁，超過 {0} MB"),
    (r"this is (\S+|a \S+|a \S+ \S+)", "这是{0}", "這是{0}"),
    (r"the page is neither UTF-8 nor GB18030 \(GBK\) nor UTF-16",
     "网页编码不是 UTF-8、GB18030（GBK）或 UTF-16", "網頁編碼不是 UTF-8、GB18030（GBK）或 UTF-16"),
    (r"the text is neither UTF-8 nor GB18030 \(GBK\) nor UTF-16",
     "文本编码不是 UTF-8、GB18030（GBK）或 UTF-16", "文字編碼不是 UTF-8、GB18030（GBK）或 UTF-16"),
    (r"the text is UTF-8 at its start and something else further on",
     "文本开头是 UTF-8，后面是别的编码", "文字開頭是 UTF-8，後面是別的編碼"),
    (r"the text cannot be read as a table: (.+)", "文本无法按表格读取：{0}",
     "文字無法按表格讀取：{0}"),
    (r"a line is longer than 4 MB: this is no table of parcels",
     "有一行超过 4 MB：这不是快件明细", "有一行超過 4 MB：這不是包裹明細"),
    (r"the workbook is protected by a password", "工作簿有密码保护", "活頁簿有密碼保護"),
    (r"the workbook is damaged or was not copied whole", "工作簿已损坏或没有复制完整",
     "活頁簿已損壞或沒有複製完整"),
    (r"the workbook is damaged, or of a kind that cannot be read",
     "工作簿已损坏，或格式无法读取", "活頁簿已損壞，或格式無法讀取"),
    (r"the workbook is damaged", "工作簿已损坏", "活頁簿已損壞"),
    (r"the workbook unpacks to more than (\d+) MB", "工作簿解压后超过 {0} MB",
     "活頁簿解壓縮後超過 {0} MB"),
    (r"a sheet reaches to row (\d+) and column (\d+)", "有一张表延伸到第 {0} 行、第 {1} 列",
     "有一張表延伸到第 {0} 列、第 {1} 欄"),
    (r"the file is larger than (\d+) MB", "文件超过 {0} MB", "檔案超過 {0} MB"),
    (r"the file was taken away before it could be read", "文件在读取之前已被移走",
     "檔案在讀取之前已被移走"),
    (r"S3 denies (.+): it may not be read \(see the function's role, the bucket's policy and the"
     r" key of its encryption\), or it is gone and the bucket may not be listed",
     "S3 拒绝读取 {0}：没有读取权限（请查看函数角色、存储桶策略和加密密钥），"
     "或者文件已不在而又无权列出存储桶",
     "S3 拒絕讀取 {0}：沒有讀取權限（請查看函式角色、儲存桶政策和加密金鑰），"
     "或者檔案已不在而又無權列出儲存桶"),
    (r"the file has no line with a waybill number", "文件里没有带运单号的行",
     "檔案裡沒有帶運單號的列"),
    (r"the file ends in the middle of row (\d+), and what follows is not known",
     "文件在第 {0} 行中间中断，后面的内容不得而知", "檔案在第 {0} 列中間中斷，後面的內容不得而知"),
    (r"it has the same rows as (.+)", "与 {0} 的行完全相同", "與 {0} 的列完全相同"),
    (r"each is counted once", "每行只计一次", "每列只計一次"),
    (r"sheet (.+?): (.+)", "表“{0}”：{1}", "表「{0}」：{1}"),
    (r"the sheet is hidden", "该表是隐藏的", "該表是隱藏的"),
    (r"(.+): no parcels were found on sheet (.+)", "{0}：表 {1} 上没有快件",
     "{0}：表 {1} 上沒有包裹"),
    (r"(.+): not counted: its rows stand on sheet (.+) already", "{0}：未计入，这些行已在表 {1} 上",
     "{0}：未計入，這些列已在表 {1} 上"),
    (r"not counted: its rows stand on sheet (.+) already", "未计入：这些行已在表 {0} 上",
     "未計入：這些列已在表 {0} 上"),
    (r"(.+): not counted as surcharges, because the amounts do not add up with them: (.+)",
     "{0}：下列栏目未计为附加费，因为加上后金额对不上：{1}",
     "{0}：下列欄位未計為附加費，因為加上後金額對不上：{1}"),
    (r"no table of parcels was found: there is no column with (.+)\. Columns seen: (.+)\."
     r" Rename the column, or describe the layout in the settings",
     "没有找到快件明细：缺少 {0} 栏。看到的栏目：{1}。请修改栏名，或在设置中描述该格式",
     "沒有找到包裹明細：缺少 {0} 欄。看到的欄位：{1}。請修改欄名，或在設定中描述該格式"),
    (r"two columns are named (.+) and differ", "有两栏都叫 {0}，内容却不同",
     "有兩欄都叫 {0}，內容卻不同"),
    (r"the column (.+) counts money in another unit than the rest",
     "“{0}”栏的金额单位与其他栏不同", "「{0}」欄的金額單位與其他欄不同"),
    (r"(.+): drop it as bills/<account>/<file>, where the account stands in the settings under"
     r" reconciliation\.accounts or is a courier's code such as sto",
     "{0}：请放到 bills/<账户>/<文件>，账户是设置里 reconciliation.accounts 的一项，"
     "或快递公司代码，如 sto",
     "{0}：請放到 bills/<帳戶>/<檔案>，帳戶是設定裡 reconciliation.accounts 的一項，"
     "或物流公司代碼，如 sto"),
    (r"'(.*)' is no account", "“{0}”不是已知账户", "「{0}」不是已知帳戶"),
    (r"it lies in no folder", "文件不在任何文件夹里", "檔案不在任何資料夾裡"),
)  # fmt: skip
_ROWS: tuple[Phrase, ...] = (
    (r"the row has no waybill number", "该行没有运单号", "該列沒有運單號"),
    (r"the row has no amount", "该行没有金额", "該列沒有金額"),
    (r"(.+) is no waybill number", "{0} 不是运单号", "{0} 不是運單號"),
    (r"(.+) is no amount of money", "{0} 不是金额", "{0} 不是金額"),
    (r"(.+) is no weight", "{0} 不是重量", "{0} 不是重量"),
    (r"(.+) is no length", "{0} 不是长度", "{0} 不是長度"),
    (r"(.+) is no date", "{0} 不是日期", "{0} 不是日期"),
    (r"the waybill number was stored as a number of (\d+) digits, of which a spreadsheet keeps"
     r" (\d+): the last digits are lost",
     "运单号被存成 {0} 位数字，表格软件只保留 {1} 位：末尾几位已丢失",
     "運單號被存成 {0} 位數字，試算表只保留 {1} 位：末尾幾位已遺失"),
    (r"the waybill number was turned into (.+): its digits are lost",
     "运单号变成了 {0}：数字已丢失", "運單號變成了 {0}：數字已遺失"),
    (r"the row is for (\d+) waybills \((.+)\) and does not say what each of them costs",
     "该行含 {0} 个运单（{1}），却没有写明各自的费用",
     "該列含 {0} 個運單（{1}），卻沒有寫明各自的費用"),
    (r"a cell of the row is a formula without a stored result",
     "该行有一个公式单元格没有保存结果", "該列有一個公式儲存格沒有保存結果"),
    (r"dated (\S+), far outside (\S+)", "日期 {0}，远在 {1} 之外", "日期 {0}，遠在 {1} 之外"),
    (r"checked all the same", "仍已核对", "仍已核對"),
    (r"dated (\S+), far outside (\S+), and in none of the shipments that were given",
     "日期 {0}，远在 {1} 之外，所给的发货记录中也没有",
     "日期 {0}，遠在 {1} 之外，所給的出貨紀錄中也沒有"),
)  # fmt: skip
_PRICES: tuple[Phrase, ...] = (
    (r"its own weight is not known", "没有我方称重", "沒有我方秤重"),
    (r"neither its own weight nor a billed weight is known", "我方称重和计费重量都没有",
     "我方秤重和計費重量都沒有"),
    (r"the card has no price for (\d+) g to (.*)", "价目表没有 {0} g 到{1}的价格",
     "價目表沒有 {0} g 到{1}的價格"),
    (r"the card has no price for an unnamed province", "没有写明省份，价目表无从报价",
     "沒有寫明省份，價目表無從報價"),
    (r"the card has no price for (.+)", "价目表没有到{0}的价格", "價目表沒有到{0}的價格"),
    (r"the card has no prices of this courier", "价目表没有该快递公司的价格",
     "價目表沒有該物流公司的價格"),
    (r"the card has no prices of (\S+)", "价目表没有 {0} 的价格", "價目表沒有 {0} 的價格"),
    (r"no price of the card is valid on (\S+)", "价目表在 {0} 没有有效价格",
     "價目表在 {0} 沒有有效價格"),
    (r"which service\? the shipment names none of (.+)", "发货记录没有写明产品（{0}）",
     "出貨紀錄沒有寫明產品（{0}）"),
    (r"the card has no service (.+)", "价目表没有产品“{0}”", "價目表沒有產品「{0}」"),
    (r"shipped in the period and on no bill", "本期发货而账单没有", "本期出貨而帳單沒有"),
    (r"(.+) is a workbook", "{0} 是 Excel 工作簿", "{0} 是 Excel 活頁簿"),
    (r"nothing else is billed", "账单上没有别的费用", "帳單上沒有別的費用"),
)  # fmt: skip
_NOTES: tuple[Phrase, ...] = (
    (r"(.+) is a bill of (\S+), not of (\S+)", "{0} 是 {1} 的账单，不是 {2} 的",
     "{0} 是 {1} 的帳單，不是 {2} 的"),
    (r"(.+) is of an earlier month: only parcels billed twice count",
     "{0} 是更早月份的账单：只用来查重复计费", "{0} 是更早月份的帳單：只用來查重複計費"),
    (r"no bill of (\S+) was given: what it lacks cannot be said",
     "没有给出 {0} 的账单：无法说明缺少哪些", "沒有給出 {0} 的帳單：無法說明缺少哪些"),
    (r"(\d+) waybill numbers of the bills had lost their leading zeros",
     "账单中有 {0} 个运单号丢了开头的 0", "帳單中有 {0} 個運單號丟了開頭的 0"),
    (r"(\d+) waybill numbers of the shipments had lost their leading zeros",
     "发货记录中有 {0} 个运单号丢了开头的 0", "出貨紀錄中有 {0} 個運單號丟了開頭的 0"),
    (r"they are shown with them", "已补上后核对和列出", "已補上後核對和列出"),
    (r"(\d+) rows are dated outside (\S+)", "有 {0} 行的日期不在 {1}", "有 {0} 列的日期不在 {1}"),
)  # fmt: skip
_WHAT_TO_DO: tuple[Phrase, ...] = (
    (r"ask the courier for the Excel or CSV file", "请向快递公司索取 Excel 或 CSV 文件",
     "請向物流公司索取 Excel 或 CSV 檔案"),
    (r"ask for the Excel or CSV file", "请索取 Excel 或 CSV 文件", "請索取 Excel 或 CSV 檔案"),
    (r"ask for it as text", "请让对方以文本格式提供", "請對方以文字格式提供"),
    (r"ask for one row each", "请让对方每个运单各列一行", "請對方每個運單各列一列"),
    (r"unpack it first", "请先解压", "請先解壓縮"),
    (r"unpack it and give the files in it", "请解压后提供里面的文件", "請解壓縮後提供裡面的檔案"),
    (r"open it in a spreadsheet program and save it as \.xlsx", "请用表格软件打开并另存为 .xlsx",
     "請用試算表軟體開啟並另存為 .xlsx"),
    (r"open the file in a spreadsheet program and save it again", "请用表格软件打开文件再保存一次",
     "請用試算表軟體開啟檔案再儲存一次"),
    (r"save it as CSV UTF-8", "请另存为 CSV UTF-8", "請另存為 CSV UTF-8"),
    (r"save its sheet as CSV UTF-8", "请把工作表另存为 CSV UTF-8", "請把工作表另存為 CSV UTF-8"),
    (r"save it without one", "请去掉密码后保存", "請去掉密碼後儲存"),
    (r"export it or send it again", "请重新导出或重新发送", "請重新匯出或重新傳送"),
    (r"split it", "请拆分", "請拆分"),
    (r"put the rights in order, and drop again what was dropped", "请理顺权限后重新放入文件",
     "請理順權限後重新放入檔案"),
    (r"delete what stands far away from the table, or save the table as CSV",
     "请删除远离表格的内容，或把表格存为 CSV", "請刪除遠離表格的內容，或把表格存為 CSV"),
    (r"format the column as text before saving", "保存前请把该栏设为文本格式",
     "儲存前請把該欄設為文字格式"),
    (r"rename one of them, or say in the settings which one counts",
     "请改掉其中一个栏名，或在设置中指明以哪一栏为准",
     "請改掉其中一個欄名，或在設定中指明以哪一欄為準"),
    (r"make them the same", "请统一单位", "請統一單位"),
    (r"give those of its month", "请提供该月的发货记录", "請提供該月的出貨紀錄"),
)  # fmt: skip

BOOK = Phrasebook(
    (*_SEEN, *_ROWS, *_PRICES, *_NOTES, *_WHAT_TO_DO, *_FILES), between="; ", joined_by="；"
)


def translate(reason: str, language: str) -> str:
    """The reason in `zh-CN` or `zh-TW`; in any other language as it is."""
    return BOOK.translate(reason, language)
