"""What is said about each kind of case in zh-TW, to agents and buyers in Taiwan."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

KINDS = {
    "no_pickup_scan": Wording(
        title="出貨[ {brief}|後]物流仍未收件",
        what="訂單[ {since} ]已按出貨，[{courier}|物流]還沒有收件紀錄[，已過 {lasted}]。",
        why="沒有收件紀錄，平台可能算延遲出貨，買家也查不到進度。",
        todo="先問倉庫包裹交出去了沒。沒交，今天交寄；已交，請物流補刷條碼；單號填錯，到後台更正。",
        buyer_text="您好，您的包裹[（{parcel}）]目前還沒有物流收件紀錄，我們正在跟倉庫和物流確認，"
        "一有消息就回覆您，不好意思讓您久等。",
        escalated_what="出貨[已經 {lasted}|很久]了，[{courier}|物流]仍然沒有收件紀錄。",
        escalated_todo="今天要有結論：請物流查是否收到貨。找不到就換單號重寄，或問買家是否退款。",
        escalated_buyer_text="您好，您的包裹[（{parcel}）]物流仍未收件，非常抱歉。"
        "我們可以幫您重新出貨，或是辦理退款，請問您希望哪一種？",
        solved_title="物流已收件",
        solved_what="物流已經收到包裹。",
    ),
    "stalled": Wording(
        title="物流[ {brief}沒有更新|沒有更新]",
        what="[{last_at} 在{last_place}刷過條碼後，|{last_at} 刷過條碼後，|"
        "在{last_place}刷過條碼後，]包裹沒有新的物流紀錄[，已停 {lasted}]。",
        why="停越久越可能遺失，買家多半會來問，或直接申請退款。",
        todo="打給[{courier}|物流]客服，報單號查件，問清楚卡在哪裡、何時會動，再回覆買家。",
        buyer_text="您好，您的包裹[（{parcel}）][最近一筆紀錄在{last_place}，之後|最近]"
        "暫時沒有更新。我們正在請物流查件，有消息會跟您說。",
        escalated_what="到現在還是沒有新的物流紀錄[，包裹已停 {lasted}]。",
        escalated_todo="請[{courier}|物流]開單追查，問明是否遺失。沒有明確答覆，"
        "就跟買家談補寄或退款。",
        escalated_buyer_text="您好，您的包裹[（{parcel}）]還是沒有新的物流紀錄，我們持續在追。"
        "如果您急著用，可以補寄或退款，再請您告訴我們。",
        solved_title="包裹又動了",
        solved_what="物流有了新的紀錄。",
    ),
    "delivery_overdue": Wording(
        title="配送[ {brief}|後]未簽收",
        what="包裹[ {since} ]已出車配送，到現在沒有簽收，也沒有失敗紀錄[，已過 {lasted}]。",
        why="可能漏送、送錯，或已送到卻沒登錄，買家正在等。",
        todo="問營業所包裹在哪位司機手上、何時再送，核對收件地址，再回覆買家。",
        buyer_text="您好，您的包裹[（{parcel}）]已經安排配送，但還沒有簽收紀錄。"
        "我們正在跟營業所確認，也請您留意司機來電。如果已經收到，麻煩跟我們說一聲。",
        solved_title="配送有新進度",
        solved_what="出車之後有了新的物流紀錄。",
    ),
    "pickup_overdue": Wording(
        title="到店[ {brief}|後]未取",
        what="包裹[ {since} ]已到取貨門市[（{last_place}）]等候取貨[，已放 {lasted}]，"
        "買家還沒有取。",
        why="過了取貨期限會退回，來回運費由賣家負擔。",
        todo="提醒買家帶證件到店取貨。沒收到取貨通知，請物流重發；來不及取，問門市能否延長。",
        buyer_text="您好，您的包裹[（{parcel}）]已送達取貨門市[（{last_place}）]，"
        "方便時請帶證件前往取貨。沒收到取貨通知，或不方便去取，請跟我們說。",
        escalated_what="包裹在取貨門市[（{last_place}）]已放[ {lasted}|了很久]，隨時可能退回。",
        escalated_todo="打電話聯絡買家，並請物流先不要退回。",
        escalated_buyer_text="您好，您的包裹[（{parcel}）]在取貨門市[（{last_place}）]"
        "放了一段時間，可能會被退回。請問您這兩天方便去取嗎？不方便的話請跟我們說。",
        solved_title="不再等候取貨",
        solved_what="包裹已離開門市，或有了新的物流紀錄。",
    ),
    "refused": Wording(
        title="買家拒收",
        what="物流登錄包裹[ {since} ]被拒收。",
        why="包裹很快會退回，買家通常接著申請退款。",
        todo="先問買家為什麼拒收。是誤會，請物流再送一次；真的不要，走退貨退款，並追蹤退回的包裹。",
        buyer_text="您好，物流回報您的包裹[（{parcel}）]被拒收。請問是商品有問題，還是不方便收件？"
        "跟我們說，我們來處理。",
        solved_title="拒收已有結果",
        solved_what="包裹恢復配送，或已有最後去向。",
    ),
    "returning": Wording(
        title="包裹退回中",
        what="包裹[ {since} 起]在退回途中[，原因：{reason}]。",
        why="買家收不到貨。退回的包裹沒人登記，就會變成退了錢卻沒收到貨。",
        todo="查清楚是誰要求退回。不該退，請物流改送；該退，跟買家確認補寄或退款，並通知倉庫收貨。",
        buyer_text="您好，您的包裹[（{parcel}）]正在退回途中，我們在跟物流了解原因。"
        "請問您還需要這件商品嗎？我們可以補寄或退款。",
        solved_title="退回已有結果",
        solved_what="包裹已不在退回途中。",
    ),
    "returned": Wording(
        title="包裹已退回賣家",
        what="[{courier}|物流]登錄包裹[ {since} ]已退回寄件人[，原因：{reason}]。",
        why="買家沒有收到貨，這筆訂單還沒結束。",
        todo="請倉庫驗貨入庫，再依跟買家談好的方式補寄或退款。",
        buyer_text="您好，您的包裹[（{parcel}）]沒有送達，已經退回我們這邊。"
        "請問您希望補寄還是退款？",
        solved_title="退回的包裹已處理",
        solved_what="後續都辦完了。",
    ),
    "address_problem": Wording(
        title="地址有誤，無法配送",
        what="[{courier}|物流]回報收件地址有誤或不完整，無法配送[（目的地：{region}）]。",
        why="地址不更正，包裹會被退回。",
        todo="請買家在平台聊天提供完整地址，轉給營業所重新配送；改到其他縣市先問運費。",
        buyer_text="您好，物流回報您的包裹[（{parcel}）]地址不完整，暫時無法配送。"
        "麻煩您確認收件地址並回傳給我們，我們轉給物流。",
        solved_title="包裹恢復配送",
        solved_what="地址報錯之後有了新的物流紀錄。",
    ),
    "contact_failed": Wording(
        title="物流聯絡不到買家",
        what="司機聯絡不到收件人，包裹沒有送出[，{attempts}]。",
        why="多次聯絡不到，物流會把包裹退回。",
        todo="在平台聊天聯絡買家，問方便接電話的時間，請營業所再送一次。",
        buyer_text="您好，物流配送您的包裹[（{parcel}）]時沒有聯絡到您。請留意來電，"
        "或告訴我們方便的時間，我們轉告物流。",
        solved_title="包裹恢復配送",
        solved_what="聯絡不到之後有了新的物流紀錄。",
    ),
    "out_of_area": Wording(
        title="地址不在配送範圍",
        what="[{courier}|物流]不配送這個地址[（目的地：{region}）]，包裹停在營業所。",
        why="只能轉寄、自取或退回，越晚決定花費越多。",
        todo="問營業所能否轉郵局或自取。可以，跟買家談好；不行，召回後換能送到的物流重寄。",
        buyer_text="您好，承運您包裹[（{parcel}）]的物流送不到您的地址，"
        "我們正在問能不能轉其他物流。請問您方便到附近營業所自取嗎？",
        solved_title="配送範圍問題有進展",
        solved_what="停住之後有了新的物流紀錄。",
    ),
    "delivery_failed": Wording(
        title="配送失敗[：{reason}]",
        what="物流[ {last_at} ]配送失敗[，原因：{reason}][，{attempts}]。",
        why="多次送不到，包裹會被退回。",
        todo="依失敗原因聯絡買家，確認地址和時間，請營業所再送一次。",
        buyer_text="您好，物流這次沒能送達您的包裹[（{parcel}）]。請留意司機來電，"
        "地址或時間需要更改請跟我們說。",
        escalated_what="物流又一次配送失敗[，原因：{reason}][，{attempts}]。",
        escalated_todo="打電話聯絡買家，當場跟營業所約好下次配送；買家不要了，就請物流攔下退回。",
        escalated_buyer_text="您好，物流幾次都沒能送達您的包裹[（{parcel}）]，再送不到會被退回。"
        "請告訴我們方便收件的時間和地址，我們轉告物流。",
        solved_title="配送有新進度",
        solved_what="配送失敗之後有了新的物流紀錄。",
    ),
    "damaged": Wording(
        title="包裹破損",
        what="[{courier}|物流]登錄包裹在途中破損[（{last_place}）]。",
        why="過了理賠期限就難求償，買家收到也會退貨。",
        todo="跟物流要破損照片並申請理賠，問清楚會不會繼續配送，再跟買家談補寄或退款。",
        buyer_text="您好，物流通知您的包裹[（{parcel}）]在途中有破損，非常抱歉。"
        "我們正在確認損壞情形，請問您希望補寄還是退款？",
        solved_title="破損包裹有進展",
        solved_what="破損之後有了新的物流紀錄。",
    ),
    "lost": Wording(
        title="物流確認[：{loss}|遺失]",
        what="[{courier}|物流]登錄：包裹[{loss}|遺失][，最後一筆紀錄在 {last_at}]。",
        why="買家收不到貨，理賠也有期限。",
        todo="今天跟買家談補寄或退款，同時向物流申請理賠，附上單號和商品價格證明。",
        buyer_text="您好，非常抱歉，物流確認您的包裹[（{parcel}）]無法送達了。"
        "請問您希望補寄還是退款？您決定後我們就辦理。",
        solved_title="遺失的包裹有下落了",
        solved_what="登錄遺失之後有了新的物流紀錄。",
    ),
    "lost_suspected": Wording(
        title="疑似遺失[：{brief}無紀錄]",
        what="包裹[已 {lasted}|很久]沒有任何物流紀錄，很可能已遺失[，最後一筆紀錄在{last_place}]。",
        why="再等下去買家會申訴，理賠也會過期。",
        todo="請[{courier}|物流]書面回覆是否遺失，同時跟買家談補寄或退款，備妥價格證明申請理賠。",
        buyer_text="您好，您的包裹[（{parcel}）]很久沒有物流紀錄，可能已經遺失，非常抱歉。"
        "我們正在向物流追查，您可以選擇補寄或退款。",
        solved_title="包裹有下落了",
        solved_what="包裹有了新的物流紀錄。",
    ),
    "customs_hold": Wording(
        title="通關受阻[：{reason}]",
        what="包裹在海關[停了 {lasted}|沒有放行][，原因：{reason}]。",
        why="補件和繳稅都有期限，逾期會退運或銷毀。",
        todo="問物流海關要什麼。要文件，當天補齊；要買家繳稅或做實名認證，寫清楚步驟給買家。",
        buyer_text="您好，您的包裹[（{parcel}）]正在等海關放行。我們在跟物流確認，"
        "如果需要您提供資料，會寫清楚步驟給您。",
        solved_title="通關有進展",
        solved_what="有了新的通關或物流紀錄。",
    ),
    "held": Wording(
        title="包裹停在途中[：{reason}]",
        what="包裹[ {since} 起]停在[{last_place}|途中]，沒有繼續運送[，原因：{reason}]。",
        why="不去問，包裹會一直停著，買家會來催。",
        todo="問[{courier}|物流]為什麼停、需要我們做什麼、何時放行，再回覆買家。",
        buyer_text="您好，您的包裹[（{parcel}）]暫時停在[{last_place}|途中]。"
        "我們正在跟物流確認何時能繼續運送。",
        solved_title="包裹又動了",
        solved_what="扣住之後有了新的物流紀錄。",
    ),
    "intercepted": Wording(
        title="包裹被攔下",
        what="包裹[ {since} ]被攔下，不再送往買家。",
        why="不是我們要求的，買家就收不到貨；是我們要求的，退款要跟上。",
        todo="查是誰要求的。是我們，追蹤退回的包裹並依約退款；不是，請物流取消。",
        buyer_text="您好，您的包裹[（{parcel}）]在途中被攔下，我們正在向物流確認原因，"
        "確認後再跟您討論怎麼處理。",
        solved_title="攔下的包裹已有結果",
        solved_what="包裹有了新的去向。",
    ),
    "delivered_disputed": Wording(
        title="顯示簽收，買家沒收到",
        what="物流顯示[ {since} ]已簽收[（{how}）]，買家說沒有收到。",
        why="沒有及時舉證，平台多半會判退款。",
        todo="跟[{courier}|物流]要簽收單和司機說明，請買家問家人、管理室和鄰居，再依結果處理。",
        buyer_text="您好，物流顯示您的包裹[（{parcel}）]已簽收[（{how}）]。麻煩先問問家人、"
        "管理室或鄰居，我們同時請物流提供簽收證明。",
        solved_title="簽收爭議結束",
        solved_what="買家或平台已不再爭議這次簽收。",
    ),
    "receipt_auto_confirm": Wording(
        title="[{auto_confirm_left}後|即將]自動完成訂單",
        what="訂單[將在 {auto_confirm_at} |即將]自動完成，包裹還沒有簽收[（{status}）]。",
        why="買家沒收到貨，訂單卻已完成，容易引起申訴和負評。",
        todo="[延長收貨時間（{extend_days}）已自動向平台申請，結果會再通知，先不用手動延長；|"
        "到後台幫買家延長收貨時間，再]請[{courier}|物流]加快配送。",
        buyer_text="您好，您的包裹[（{parcel}）]還在路上，訂單快到自動完成的時間了。"
        "我們正在辦理延長收貨，請先不用按完成訂單。",
        escalated_what="平台沒有照申請延長收貨時間，訂單[將在 {auto_confirm_at} |即將]自動完成，"
        "包裹還沒有簽收[（{status}）]。",
        escalated_todo="先到後台看這筆訂單的收貨時間，沒有延長就手動延長，再請[{courier}|物流]加快配送。",
        solved_title="不用再延長收貨",
        solved_what="包裹已簽收，或收貨時間已延長。",
    ),
    "number_rejected": Wording(
        title="單號查不到，請核對",
        what="物流查詢[（{source}）]不接受這個單號[：{parcel}]，包裹目前沒有人追蹤。",
        why="多半是單號或物流公司填錯，買家也查不到進度。",
        todo="對照寄件單核對單號和物流公司，在後台更正後重新匯入訂單。",
        buyer_text="您好，您訂單的物流單號我們正在核對，更正後您就能在訂單裡查到進度。",
        solved_title="單號可以查詢了",
        solved_what="包裹已重新追蹤。",
    ),
    "tracking_quiet": Wording(
        title="[{brief}|一段時間]查不到物流",
        what="[已 {lasted}|一段時間]沒有從[ {source} |物流查詢]得到這個包裹的消息，現況不明。",
        why="包裹可能正常，也可能出了問題而我們看不到。",
        todo="到物流官網查一次這個單號。有進度，不用管；沒有，當作物流停滯，聯絡物流。",
        buyer_text="您好，您的包裹[（{parcel}）]的物流進度暫時沒有更新，我們正在向物流查詢，"
        "有消息會跟您說。",
        solved_title="又能查到物流了",
        solved_what="物流查詢恢復。",
    ),
    "source_down": Wording(
        title="[{source} 連不上|物流查詢連不上]",
        what="[從 {since} 起|最近]一直連不上[ {source}|物流查詢服務][，已 {lasted}]。",
        why="這段時間看不到包裹進度，也不會報停滯；恢復後會自動補查。",
        todo="先看對方的服務公告，再看本機或雲端能否連外網。對方故障只需等待。",
        solved_title="物流查詢恢復",
        solved_what="查詢已恢復，正在補查漏掉的包裹。",
    ),
    "source_misconfigured": Wording(
        title="[{source} 拒絕我們的帳號|查詢帳號被拒]",
        what="[{source} |物流查詢服務]不接受我們的金鑰、簽章或權限，包裹查不了。",
        why="設定改好之前，用它查詢的包裹都沒有人追蹤。",
        todo="先核對設定裡 tracking.sources 的金鑰名稱，再登入對方後台看金鑰、白名單和權限。",
        solved_title="查詢帳號恢復",
        solved_what="對方已接受我們的帳號。",
    ),
    "source_missing": Wording(
        title="[{courier}|有些]包裹沒人追蹤",
        what="沒有為[{courier}|部分物流公司]設定物流查詢服務。",
        why="這些包裹完全沒有查詢，停滯、遺失都發現不了。",
        todo="在設定的 tracking.sources 裡加一個物流查詢服務，"
        "或在 tracking.by_courier 裡給這家物流指定一個。如果您另有辦法追蹤，把這個案件關掉即可。",
        solved_title="[{courier}|全部]包裹有人追蹤了",
        solved_what="已設定物流查詢服務。",
    ),
    "source_quota": Wording(
        title="[{source} 額度用完|查詢額度用完]",
        what="[{source} |物流查詢服務]的查詢額度已用完，新的查詢被拒絕。",
        why="額度恢復之前，用它查詢的包裹都沒有更新。",
        todo="先登入對方後台看餘額和方案，續約或加購；再看是否有大批無效單號在耗額度。",
        solved_title="查詢額度恢復",
        solved_what="查詢已恢復。",
    ),
    "shop_misconfigured": Wording(
        title="[{shop} 拒絕我們的授權|賣場拒絕我們的授權]",
        what="[{shop} |賣場]不接受我們的金鑰、簽章或權限，訂單讀不到。",
        why="修好之前，新的訂單、付款和退款都看不到。",
        todo="先看下面對方的回覆，再核對設定裡這個賣場的金鑰，並到平台後台看授權和應用程式權限。",
        solved_title="賣場恢復讀取",
        solved_what="漏掉的資料已補齊。",
    ),
    "shop_quota": Wording(
        title="[{shop} 呼叫額度用完|賣場呼叫額度用完]",
        what="[{shop} |賣場]的介面呼叫額度已用完，新的呼叫被拒絕。",
        why="額度恢復之前，新的訂單、付款和退款都看不到。",
        todo="先到平台主控台看應用程式的額度並申請加量，再看是否有別的程式共用同一個應用程式。",
        solved_title="賣場額度恢復",
        solved_what="已從停下的地方繼續讀取。",
    ),
    "shop_quota_low": Wording(
        title="[{shop} |賣場]呼叫額度快用完",
        what="[{shop} |賣場]今天的[ {quota_calls} 次]介面呼叫已用[ {quota_share}|大半]"
        "[，照這樣到 {quota_ends_at} 就用完]。"
        "[次數是估計的：{quota_guessed_on} 平台在這麼多次後拒絕了呼叫。]",
        why="用完之後，要等平台恢復額度才能看到新的訂單、付款和退款，催付前也無法核對訂單。",
        todo="先到平台主控台申請加量，再看是否有別的程式在用同一個應用程式；系統這邊可以少讀幾家賣場，"
        "或關掉 refund_details、review_follow_ups 選項。",
        solved_title="賣場呼叫額度夠用了",
        solved_what="今天的額度還剩很多。",
    ),
    "shop_token_expiring": Wording(
        title="[{shop} |賣場]授權[ {token_left}後|即將]到期",
        what="[{shop} |賣場]的授權[將在 {token_ends_at} |即將]到期。",
        why="到期後，這個賣場的訂單、付款和退款都讀不到。",
        todo="到平台後台重新授權，再把新的授權碼和到期時間存到設定所寫的金鑰裡。",
        solved_title="賣場授權已更新",
        solved_what="新的授權已經在用。",
    ),
    "webhook_off": Wording(
        title="[{shop} 停止推送|賣場停止推送]",
        what="[{shop} |賣場]因多次傳送失敗，停用了給我們的推送。",
        why="付款和異動要等下一次讀取才看得到，會晚幾分鐘。",
        todo="先看本系統的網址能否從外網連到，再到賣場後台把下面的推送重新啟用。",
        solved_title="賣場恢復推送",
        solved_what="推送已啟用。",
    ),
    "feed_behind": Wording(
        title="資料讀取落後[ {behind}]",
        what="[資料 {feed} |一路資料]沒有按時讀完[，比現在晚了 {behind}]。",
        why="新的訂單或物流進度還沒進來，它們的問題現在看不到。",
        todo="先看記錄檔裡這一路最後的錯誤。讀訂單的，看賣場授權和檔案；查物流的，"
        "看對方的額度和限速。",
        solved_title="資料已追上",
        solved_what="資料已補齊，沒有缺口。",
    ),
    "rows_rejected": Wording(
        title="[{rows}資料|檔案]沒有匯入",
        what="[檔案 {file} 裡有 {rows}讀不了，已先擱置，其餘照常匯入|{feed} 裡有 {rows}讀不了，"
        "已先擱置，其餘照常讀取|有 {rows}讀不了，已先擱置，其餘照常匯入|"
        "檔案 {file} 沒能匯入|有檔案沒能匯入]。",
        why="這些訂單沒有人追蹤。",
        todo="[先看下面的位置和原因，到賣場後台核對這些訂單；{feed} 的原始資料保存在隔離區。|"
        "先看下面的位置和原因，在表格裡改好後重新上傳。單號變成 1.23E+12 的，"
        "把該欄設成文字再匯出。]",
        solved_title="資料已能讀取",
        solved_what="沒有再出現讀不了的資料。",
    ),
    "target_failing": Wording(
        title="[{target}收不到通知|通知送不出去]",
        what="送往[{target}|通知群組]的訊息一直失敗[，已 {lasted}]。",
        why="客服看不到新的問題。沒送出的通知都留著，恢復後補送。",
        todo="先看機器人是否被移出群組，再核對網址、簽章金鑰和關鍵字；"
        "改好後執行 aftersales channels test[ {target}| 加目標名稱]。",
        solved_title="通知恢復",
        solved_what="訊息又能送達，積壓的正在補送。",
    ),
    "calendar_missing": Wording(
        title="缺少[ {year} 年|]行事曆",
        what="沒有[ {year} 年|這一年]的國定假日和補班日，暫時只用週末計算工作天。",
        why="連假前後，用工作天算的期限會不準。",
        todo="等政府公布後升級本系統，或在設定的 calendar.holidays 和 calendar.working_days 填寫。",
        solved_title="行事曆已補上",
        solved_what="工作天已照國定假日計算。",
    ),
}

OTHER = Wording(
    title="有問題需要處理",
    what="[包裹（{parcel}）|這裡]出現需要人工處理的問題[（{status}）]。",
    why="系統判斷它不會自己解決，拖久了會影響買家。",
    todo="看下面的資料，先查清楚原因，再決定怎麼回覆買家。",
    solved_title="不用再處理",
    solved_what="原來的問題已經沒有了。",
)
