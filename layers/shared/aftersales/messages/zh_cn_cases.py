"""What is said about each kind of case in zh-CN, to agents and buyers of Chinese shops."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

KINDS = {
    "no_pickup_scan": Wording(
        title="发货[ {brief}|后]未揽收",
        what="订单[ {since} ]已发货，[{courier}|快递]还没有揽收记录[，已过 {lasted}]。",
        why="一直没有揽收，平台可能按虚假发货处理，买家也查不到物流。",
        todo="先问仓库包裹交给快递没有。没交，今天交出；交了，请网点补扫；单号填错，到后台改正。",
        buyer_text="您好，您的包裹[（{parcel}）]目前还没有快递的揽收记录，我们正在和仓库、"
        "快递核对，核对清楚就回复您。耽误您了，抱歉。",
        escalated_what="发货[已经 {lasted}|很久]了，[{courier}|快递]仍然没有揽收记录。",
        escalated_todo="今天要有结论：请网点查是否收到。找不到就换单号重发，或问买家是否退款。",
        escalated_buyer_text="您好，您的包裹[（{parcel}）]快递仍未揽收，很抱歉。"
        "我们可以为您重新发货，也可以退款，您看哪种方便？",
        solved_title="包裹已揽收",
        solved_what="快递已经收到包裹。",
    ),
    "stalled": Wording(
        title="物流[ {brief}没有更新|没有更新]",
        what="[{last_at} 在{last_place}扫描后，|{last_at} 扫描后，|在{last_place}扫描后，]"
        "包裹没有新的物流记录[，已停 {lasted}]。",
        why="停得越久越可能丢件，买家多半会来催，或直接申请退款。",
        todo="联系[{courier}|快递]客服，报单号查件，问清卡在哪里、哪天能发出，再回复买家。",
        buyer_text="您好，您的包裹[（{parcel}）][最近一次扫描在{last_place}，之后|近来]"
        "暂时没有新的物流记录。我们正在请快递查件，有结果就告诉您。",
        escalated_what="到现在仍然没有新的物流记录[，包裹已停 {lasted}]。",
        escalated_todo="请[{courier}|快递]立工单，问明是否丢件。没有明确答复，"
        "和买家商量补发或退款。",
        escalated_buyer_text="您好，您的包裹[（{parcel}）]仍然没有新的物流记录，"
        "我们在继续追问快递。您着急用的话，可以补发或退款，请告诉我们。",
        solved_title="包裹又动了",
        solved_what="快递有了新的物流记录。",
    ),
    "delivery_overdue": Wording(
        title="派件[ {brief}|后]未签收",
        what="包裹[ {since} ]已开始派送，到现在没有签收，也没有失败记录[，已过 {lasted}]。",
        why="可能漏派、错派，或者已送到但没有登记，买家以为今天能收到。",
        todo="问派件网点包裹在谁手上、哪天再派，核对收件地址，再回复买家。",
        buyer_text="您好，您的包裹[（{parcel}）]已经安排派送，但还没有签收记录。"
        "我们正在问派件网点，也请您留意快递电话。如果已经收到，请告诉我们一声。",
        solved_title="派送有了进展",
        solved_what="派件后有了新的物流记录。",
    ),
    "pickup_overdue": Wording(
        title="到站[ {brief}|后]未取件",
        what="包裹[ {since} ]已到代收点[（{last_place}）]等待取件[，已放 {lasted}]，买家还没有取。",
        why="放久了会被退回，来回运费由店铺承担。",
        todo="提醒买家取件。买家说没收到取件码，请站点重发；买家不方便，请站点延长保管或改约派送。",
        buyer_text="您好，您的包裹[（{parcel}）]已到代收点[（{last_place}）]，请凭取件码领取。"
        "没收到取件码，或者不方便去取，请告诉我们，我们联系站点。",
        escalated_what="包裹在代收点[（{last_place}）]已放[ {lasted}|了很久]，随时可能被退回。",
        escalated_todo="打电话联系买家，并请站点先不要退回。",
        escalated_buyer_text="您好，您的包裹[（{parcel}）]在代收点[（{last_place}）]放了一段时间，"
        "站点可能会退回。您这两天方便取吗？不方便的话请告诉我们。",
        solved_title="不再等待取件",
        solved_what="包裹已离开代收点，或有了新的物流记录。",
    ),
    "refused": Wording(
        title="买家拒收",
        what="快递登记包裹[ {since} ]被拒收。",
        why="包裹很快会被退回，买家通常随后申请退款。",
        todo="先问买家为什么拒收。是误会，请快递再派一次；确实不要，按退货退款办，并跟进退件。",
        buyer_text="您好，快递登记您的包裹[（{parcel}）]被拒收。是商品有问题，还是不方便收？"
        "您告诉我们，我们来处理。",
        solved_title="拒收已有结果",
        solved_what="包裹恢复派送，或已有最终去向。",
    ),
    "returning": Wording(
        title="包裹正在退回",
        what="包裹[ {since} 起]在退回途中[，原因：{reason}]。",
        why="买家收不到货。退货要是没人登记，会变成有退款、没退货。",
        todo="查清是谁要求退回的。不该退，请快递改派；该退，和买家确认补发还是退款，"
        "并通知仓库收件。",
        buyer_text="您好，您的包裹[（{parcel}）]正在退回途中，我们正在向快递了解原因。"
        "您还需要这件商品吗？我们可以补发或退款。",
        solved_title="退回已有结果",
        solved_what="包裹不再处于退回途中。",
    ),
    "returned": Wording(
        title="退件已送回",
        what="[{courier}|快递]登记包裹[ {since} ]已退回发件方[，原因：{reason}]。",
        why="买家没有收到货，订单还没有了结。",
        todo="请仓库验货入库，再按和买家商定的办法补发或退款。",
        buyer_text="您好，您的包裹[（{parcel}）]没有送达，已退回我们这里。您希望补发还是退款？",
        solved_title="退件已处理",
        solved_what="退件的后续已经办完。",
    ),
    "address_problem": Wording(
        title="地址有误，送不到",
        what="[{courier}|快递]反映收件地址有误或不详，包裹送不到[（目的地：{region}）]。",
        why="不改地址，包裹会被退回。",
        todo="请买家在平台聊天里给出完整地址，转给派件网点改派；跨省改址先问运费。",
        buyer_text="您好，快递反映您的包裹[（{parcel}）]地址不够详细，暂时送不到。"
        "请核对收件地址并发给我们，我们转给快递。",
        solved_title="包裹恢复派送",
        solved_what="地址报错之后有了新的物流记录。",
    ),
    "contact_failed": Wording(
        title="快递联系不上买家",
        what="派件员联系不上收件人，包裹没有送出[，{attempts}]。",
        why="几次联系不上，快递会退回包裹。",
        todo="在平台聊天里联系买家，问清可接电话的时间，转告派件网点再派。",
        buyer_text="您好，快递派送您的包裹[（{parcel}）]时没有联系上您。请留意快递来电，"
        "或告诉我们方便的时间，我们转告网点。",
        solved_title="包裹恢复派送",
        solved_what="联系不上之后有了新的物流记录。",
    ),
    "out_of_area": Wording(
        title="地址超出派送范围",
        what="[{courier}|快递]不派送到这个地址[（目的地：{region}）]，包裹停在网点。",
        why="包裹要么转寄，要么自取，要么退回，越晚决定费用越多。",
        todo="问网点能否转邮政或自提。能，和买家商定；不能，召回，换能到的快递重发。",
        buyer_text="您好，承运您包裹[（{parcel}）]的快递送不到您的地址，我们正在问能否转其他快递。"
        "附近网点自取您方便吗？",
        solved_title="超区件有了进展",
        solved_what="超区之后有了新的物流记录。",
    ),
    "delivery_failed": Wording(
        title="派送失败[：{reason}]",
        what="快递[ {last_at} ]派送失败[，原因：{reason}][，{attempts}]。",
        why="几次派不成，包裹会被退回。",
        todo="按失败原因联系买家，确认地址和时间，转告派件网点再派。",
        buyer_text="您好，快递这次没能送达您的包裹[（{parcel}）]。请留意快递来电，"
        "地址或时间要改的话请告诉我们。",
        escalated_what="快递又一次派送失败[，原因：{reason}][，{attempts}]。",
        escalated_todo="打电话联系买家，当场和网点约好下一次派送；买家改主意，就安排拦截退回。",
        escalated_buyer_text="您好，快递几次都没能送达您的包裹[（{parcel}）]，再不成会退回。"
        "请告诉我们方便收件的时间和地址，我们转告网点。",
        solved_title="派送有了进展",
        solved_what="派送失败之后有了新的物流记录。",
    ),
    "damaged": Wording(
        title="包裹破损",
        what="[{courier}|快递]登记包裹在途中破损[（{last_place}）]。",
        why="过了理赔时限就难向快递索赔，买家收到也会退。",
        todo="向快递要破损照片并报理赔，问清是否继续派送，再和买家商定补发或退款。",
        buyer_text="您好，快递通知您的包裹[（{parcel}）]途中有破损，很抱歉。我们正在核实损坏情况，"
        "您希望补发还是退款？",
        solved_title="破损件有了进展",
        solved_what="破损之后有了新的物流记录。",
    ),
    "lost": Wording(
        title="快递确认[：{loss}|丢件]",
        what="[{courier}|快递]登记：包裹[{loss}|丢失][，最后一次扫描在 {last_at}]。",
        why="买家收不到货，索赔有时限。",
        todo="今天和买家商定补发或退款，同时向快递提交索赔，附单号和货值证明。",
        buyer_text="您好，很抱歉，快递确认您的包裹[（{parcel}）]无法送达了。您希望补发还是退款？"
        "您选好，我们就办。",
        solved_title="丢失的包裹有下落了",
        solved_what="登记丢失之后有了新的物流记录。",
    ),
    "lost_suspected": Wording(
        title="疑似丢件[：{brief}无记录]",
        what="包裹[已 {lasted}|很久]没有任何物流记录，很可能已丢失[，最后一次扫描在{last_place}]。",
        why="再等下去买家会投诉，向快递索赔也会过期。",
        todo="请[{courier}|快递]书面答复是否丢件，同时和买家商定补发或退款，备好货值证明索赔。",
        buyer_text="您好，您的包裹[（{parcel}）]长时间没有物流记录，可能已经丢失，很抱歉。"
        "我们正在向快递追查，您可以选择补发或退款。",
        solved_title="包裹有下落了",
        solved_what="包裹有了新的物流记录。",
    ),
    "customs_hold": Wording(
        title="清关受阻[：{reason}]",
        what="包裹在海关[停了 {lasted}|没有放行][，原因：{reason}]。",
        why="清关资料或税费有时限，逾期会退运或销毁。",
        todo="问承运商海关要什么。要资料，当天补齐；要买家缴税或身份信息，写明步骤发给买家。",
        buyer_text="您好，您的包裹[（{parcel}）]正在等待海关放行。我们正在向承运商确认，"
        "如需您提供资料，会写明怎么办。",
        solved_title="清关有了进展",
        solved_what="有了新的清关或物流记录。",
    ),
    "held": Wording(
        title="包裹停在途中[：{reason}]",
        what="包裹[ {since} 起]停在[{last_place}|途中]，没有继续运输[，原因：{reason}]。",
        why="不去问，包裹会一直停着，买家会来催。",
        todo="问[{courier}|快递]为什么停、要我们做什么、哪天放行，再回复买家。",
        buyer_text="您好，您的包裹[（{parcel}）]暂时停在[{last_place}|途中]。"
        "我们正在和快递确认什么时候能继续运输。",
        solved_title="包裹又动了",
        solved_what="扣留之后有了新的物流记录。",
    ),
    "intercepted": Wording(
        title="包裹被拦截",
        what="包裹[ {since} ]被拦截，不再派送给买家。",
        why="不是我们要求的拦截，买家就收不到货；是我们要求的，退款要跟上。",
        todo="查是谁拦的。我们拦的，跟进退件并按约退款；不是，请快递取消拦截。",
        buyer_text="您好，您的包裹[（{parcel}）]在途中被拦截，我们正在向快递核实原因，"
        "核实后和您商量下一步。",
        solved_title="拦截已有结果",
        solved_what="包裹有了新的去向。",
    ),
    "delivered_disputed": Wording(
        title="显示签收，买家未收到",
        what="物流显示[ {since} ]已签收[（{how}）]，买家说没有收到。",
        why="不及时举证，平台一般按未收到货退款。",
        todo="向[{courier}|快递]要签收底单和派件员说明，请买家问家人、门卫和驿站，再按结果处理。",
        buyer_text="您好，物流显示您的包裹[（{parcel}）]已签收[（{how}）]。请先问问家人、"
        "门卫或驿站，我们同时请快递提供签收凭证。",
        solved_title="签收争议了结",
        solved_what="买家或平台已不再争议这次签收。",
    ),
    "receipt_auto_confirm": Wording(
        title="[{auto_confirm_left}后|即将]自动确认收货",
        what="订单[将在 {auto_confirm_at} |即将]自动确认收货，包裹还没有签收[（{status}）]。",
        why="买家没收到货，订单却已完成，容易引起投诉和差评。",
        todo="[延长收货时间（{extend_days}）已在自动向平台申请，结果会再通知，先不用手动延长；|"
        "在后台为买家延长收货时间，再]催[{courier}|快递]派送。",
        buyer_text="您好，您的包裹[（{parcel}）]还在路上，订单快到自动确认收货的时间了。"
        "我们正在办理延长收货，您先不用点确认。",
        escalated_what="平台没有按申请延长收货时间，订单[将在 {auto_confirm_at} |即将]"
        "自动确认收货，包裹还没有签收[（{status}）]。",
        escalated_todo="先在后台看这个订单的收货时间，没有延长就手动延长，再催[{courier}|快递]派送。",
        solved_title="不用再延长收货",
        solved_what="包裹已签收，或收货时间已延长。",
    ),
    "number_rejected": Wording(
        title="单号查不到，请核对",
        what="物流查询[（{source}）]不接受这个单号[：{parcel}]，包裹没有人在跟踪。",
        why="多半是单号或快递公司填错，买家也查不到物流。",
        todo="对照面单核对单号和快递公司，在后台改正后重新导入订单。",
        buyer_text="您好，您订单的物流单号我们正在核对，更正后您就能在订单里查到物流。",
        solved_title="单号可以查询了",
        solved_what="包裹已重新跟踪。",
    ),
    "tracking_quiet": Wording(
        title="[{brief}|一段时间]查不到物流",
        what="[已 {lasted}|一段时间]没有从[{source}|物流查询]得到这个包裹的消息，现状不明。",
        why="包裹可能正常，也可能出了问题而我们看不到。",
        todo="到快递官网查一次这个单号。有进展，不用管；没有，按停滞处理，联系快递。",
        buyer_text="您好，您的包裹[（{parcel}）]的物流信息暂时没有更新，我们正在向快递查询，"
        "有结果就告诉您。",
        solved_title="又能查到物流了",
        solved_what="物流查询恢复。",
    ),
    "source_down": Wording(
        title="[{source}查不通|物流查询不通]",
        what="[从 {since} 起|最近]一直查不通[{source}|物流来源][，已 {lasted}]。",
        why="这段时间看不到包裹进展，也不会报停滞；恢复后会自动补查。",
        todo="先看对方的状态公告，再看本机或云上能否访问外网。对方故障只需等待。",
        solved_title="物流查询恢复",
        solved_what="查询已通，正在补查漏掉的包裹。",
    ),
    "source_misconfigured": Wording(
        title="[{source}拒绝了我们的账号|物流账号被拒绝]",
        what="[{source}|物流来源]不接受我们的密钥、签名或权限，包裹查不了。",
        why="改好设置之前，用它查询的包裹都没有人在跟踪。",
        todo="先核对设置里 tracking.sources 的密钥名称，再登录对方后台看密钥、白名单和权限。",
        solved_title="物流账号恢复",
        solved_what="对方已接受我们的账号。",
    ),
    "source_missing": Wording(
        title="[{courier}|有的]包裹没人跟踪",
        what="没有为[{courier}|部分快递公司]设置物流来源。",
        why="这些包裹根本没有查询，停滞、丢失都发现不了。",
        todo="在设置的 tracking.sources 里加一个物流来源，"
        "或在 tracking.by_courier 里给这家快递指定一个。如果您另有办法跟踪，把这个工单关掉即可。",
        solved_title="[{courier}|全部]包裹有人跟踪了",
        solved_what="已设置物流来源。",
    ),
    "source_quota": Wording(
        title="[{source}额度用完|查询额度用完]",
        what="[{source}|物流来源]的查询额度已用完，新的查询被拒绝。",
        why="额度恢复之前，用它查询的包裹都没有更新。",
        todo="先登录对方后台看余额和套餐，续费或加量；再看是否有大批无效单号在耗额度。",
        solved_title="查询额度恢复",
        solved_what="查询已恢复。",
    ),
    "shop_misconfigured": Wording(
        title="[{shop}拒绝了我们的授权|店铺拒绝了我们的授权]",
        what="[{shop}|店铺]不接受我们的密钥、签名或权限，订单读不了。",
        why="修好之前，新的订单、付款和退款都看不到。",
        todo="先看下面对方的答复，再核对设置里该店铺的密钥，并到平台后台看授权和应用权限。",
        solved_title="店铺恢复读取",
        solved_what="漏掉的数据已补齐。",
    ),
    "shop_quota": Wording(
        title="[{shop}调用额度用完|店铺调用额度用完]",
        what="[{shop}|店铺]的接口调用额度已用完，新的调用被拒绝。",
        why="额度恢复之前，新的订单、付款和退款都看不到。",
        todo="先到平台控制台看应用的额度并申请加量，再看是否有别的程序在用同一个应用。",
        solved_title="店铺额度恢复",
        solved_what="已从停下的地方继续读取。",
    ),
    "shop_quota_low": Wording(
        title="[{shop}|店铺]调用额度快用完",
        what="[{shop}|店铺]今天的[ {quota_calls} 次]接口调用已用[ {quota_share}|大半]"
        "[，照这样到 {quota_ends_at} 就用完]。"
        "[次数是估计的：{quota_guessed_on} 平台在这么多次后拒绝了调用。]",
        why="用完之后，要等平台恢复额度才能看到新的订单、付款和退款，催付前也无法核实订单。",
        todo="先到平台控制台申请加量，再看是否有别的程序在用同一个应用；系统这边可以少读几家店，"
        "或关掉 refund_details、review_follow_ups 选项。",
        solved_title="店铺调用额度够用了",
        solved_what="今天的额度还剩很多。",
    ),
    "shop_token_expiring": Wording(
        title="[{shop}|店铺]授权[ {token_left}后|即将]到期",
        what="[{shop}|店铺]的授权[将在 {token_ends_at} |即将]到期。",
        why="到期后，该店铺的订单、付款和退款都读不了。",
        todo="到平台后台重新授权，再把新的授权码和到期时间存到设置所写的密钥里。",
        solved_title="店铺授权已更新",
        solved_what="新的授权已在使用。",
    ),
    "webhook_off": Wording(
        title="[{shop}停止了推送|店铺停止了推送]",
        what="[{shop}|店铺]因多次投递失败，停用了发给我们的推送。",
        why="付款和变更要等下一次读取才能看到，会晚几分钟。",
        todo="先看本系统的地址能否从外网访问，再到店铺后台把下面的推送重新启用。",
        solved_title="店铺恢复推送",
        solved_what="推送已启用。",
    ),
    "feed_behind": Wording(
        title="数据读取落后[ {behind}]",
        what="[数据 {feed} |一路数据]没有按时读完[，比现在晚了 {behind}]。",
        why="新的订单或物流进展还没有进来，它们的问题现在看不到。",
        todo="先看日志里这一路最后的错误。读订单的，看店铺授权和文件；查物流的，"
        "看对方的额度和限速。",
        solved_title="数据已追上",
        solved_what="数据已补齐，没有缺口。",
    ),
    "rows_rejected": Wording(
        title="[{rows}数据|文件]没有导入",
        what="[文件 {file} 里有 {rows}读不了，已放一边，其余照常导入|{feed} 里有 {rows}读不了，"
        "已放一边，其余照常读取|有 {rows}读不了，已放一边，其余照常导入|"
        "文件 {file} 没能导入|有文件没能导入]。",
        why="这些订单没有人在跟踪。",
        todo="[先看下面的位置和原因，到店铺后台核对这些订单；{feed} 的原始数据保存在隔离区。|"
        "先看下面的位置和原因，在表格里改好后重新上传。单号变成 1.23E+12 的，"
        "把该列设成文本再导出。]",
        solved_title="数据已能读取",
        solved_what="没有再出现读不了的数据。",
    ),
    "target_failing": Wording(
        title="[{target}收不到通知|通知发不出去]",
        what="发往[{target}|通知群]的消息一直失败[，已 {lasted}]。",
        why="客服看不到新的问题。没发出的通知留着，恢复后补发。",
        todo="先看机器人是否被移出群，再核对地址、加签密钥和关键词；"
        "改好后运行 aftersales channels test[ {target}| 加目标名称]。",
        solved_title="通知恢复",
        solved_what="消息又能送达，积压的已在补发。",
    ),
    "calendar_missing": Wording(
        title="缺少[ {year} 年|]节假日安排",
        what="没有[ {year} 年|这一年]的节假日和调休安排，暂时只按周末计算工作日。",
        why="节假日前后，按工作日算的时限会不准。",
        todo="等国务院公布后升级本系统，"
        "或在设置的 calendar.holidays 和 calendar.working_days 里填写。",
        solved_title="节假日安排已补上",
        solved_what="工作日按节假日计算。",
    ),
}

OTHER = Wording(
    title="有问题需要处理",
    what="[包裹（{parcel}）|这里]出现了需要人工处理的问题[（{status}）]。",
    why="系统判断它不会自己解决，拖久了会影响买家。",
    todo="看下面的信息，先查清原因，再决定怎么回复买家。",
    solved_title="不用再处理",
    solved_what="原来的问题已经没有了。",
)
