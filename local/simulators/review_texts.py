"""What buyers of the simulated shops write. All of it is made up; `{goods}` is what they bought.

A script is how many stars they give and what they say: first, after an edit, and later on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What there is to notice about a review."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"
    SILENT = "silent"  # stars and no word
    HIDDEN_COMPLAINT = "hidden_complaint"  # under a good rating
    TURNED_BAD = "turned_bad"  # by what is added later
    EDITED = "edited"
    DELETED = "deleted"
    ADVERTISING = "advertising"  # with somebody's contact
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Script:
    """`after` is (stars, text) of an edit, `added` what is added later."""

    stars: int
    text: str
    after: tuple[int, str] | None = None
    added: str = ""


AT_HOME: dict[Kind, tuple[Script, ...]] = {
    Kind.GOOD: (
        Script(5, "颜色跟图上差不多，摸着挺舒服，洗过一次没掉色，会再来。"),
        Script(5, "第二次买他家的{goods}了，送婆婆她很喜欢，包装也用心。"),
        Script(5, "下单隔天就到了，尺寸合适，做工细，线头很少。"),
        Script(5, "比实体店便宜一半，质感在线，推荐给同事了。"),
        Script(5, "客服耐心，帮我挑了颜色，收到果然搭我家的沙发。"),
        Script(5, "{goods}放在卧室刚刚好，没有异味，满意。"),
        Script(5, "本来担心色差，实物比照片还好看一点点。"),
    ),
    Kind.NEUTRAL: (
        Script(3, "一般般吧，比想象的薄，这个价钱也说得过去。"),
        Script(3, "东西还行，就是快递慢，等了六天才到。"),
        Script(3, "颜色偏深，懒得退了，凑合用。"),
        Script(3, "没有惊喜也没有失望，{goods}就那样。"),
    ),
    Kind.BAD: (
        Script(1, "打开一看角上破了个洞，拍照给客服半天没人理，太失望了。"),
        Script(1, "{goods}洗了一次就缩水变形，根本没法用，要求退款。"),
        Script(2, "味道很刺鼻，晾了三天还有，给孩子不敢用。"),
        Script(1, "发错颜色了，说好补发，一个星期过去单号都没有。"),
        Script(1, "说是新的，上面一道明显的划痕，像是别人退回来的。"),
        Script(1, "少发一件，订单写两件，箱子里只有一件，请尽快处理。"),
        Script(2, "做工粗糙，缝线歪的，跟详情页完全两回事。"),
    ),
    Kind.SILENT: (Script(5, ""), Script(5, "此用户没有填写评价。"), Script(3, "")),
    Kind.HIDDEN_COMPLAINT: (
        Script(5, "先给五星吧。不过拉链第二天就坏了，希望店家看到能联系我换一个。"),
        Script(5, "东西漂亮！就是收到时外箱压扁了，里面磕掉一小块，客服说补偿到现在没动静。"),
        Script(5, "好评是给快递小哥的，{goods}掉毛掉得满地都是。"),
        Script(4, "整体可以，但是说好的赠品没有，问了两次都说在查。"),
        Script(5, "默认好评。实话说用了一周就起球，不知道是不是都这样。"),
        Script(5, "孩子挺喜欢的，只是有一只杯子底下是裂的，装水会漏。"),
    ),
    Kind.TURNED_BAD: (
        Script(5, "刚收到，看着不错，用用再说。", added="用了没几天来追评：已经开线了，千万别买。"),
        Script(5, "包装好，发货快。", added="洗过之后严重掉色，把一桶浅色衣服都染了，找客服不回。"),
        Script(5, "喜欢，和描述一致。", added="追加：接缝已经松了，晃得厉害，质量太差。"),
        Script(5, "满意的一次购物。", added="现在一股霉味，拆开看里面填充物发黄，要投诉。"),
    ),
    Kind.EDITED: (
        Script(1, "收到就是坏的，气死了。", (5, "店家连夜补发了新的{goods}，态度很好，改成好评。")),
        Script(2, "色差太大，不像同一件。", (4, "换货后这件颜色对了，客服处理得快。")),
        Script(5, "很好。", (1, "改评价：才用一天就坏了，之前的好评收回。")),
    ),
    Kind.DELETED: (
        Script(1, "客服态度恶劣，等着差评吧，大家别上当。"),
        Script(1, "买贵了，隔天就降价三十块，不给补差价。"),
        Script(2, "物流信息五天不动，急用的东西等没了。"),
    ),
    Kind.ADVERTISING: (
        Script(5, "同款工厂价，加薇 lantu_7731 备注{goods}，量大从优。"),
        Script(5, "兼职刷单日结一百到三百，有意加扣扣 2093317740。"),
        Script(5, "东西不错，想要更便宜的私我，微❤同号 139 0000 5521。"),
        Script(5, "关注公众号「良品拾光」领家居内购券，比这里便宜一半。"),
    ),
    Kind.QUESTION: (
        Script(5, "请问这个能放洗衣机里洗吗？吊牌上没写。"),
        Script(4, "{goods}有没有更大一号的？一米八的床够不够用？"),
        Script(5, "收到了，不知道怎么安装，有没有视频可以发一下？"),
        Script(3, "想开一张公司抬头的发票，在哪里申请？"),
    ),
}

ABROAD: dict[Kind, tuple[Script, ...]] = {
    Kind.GOOD: (
        Script(5, "Exactly as pictured and lovely to the touch. Arrived two days early."),
        Script(5, "Bought the {goods} for my sister and she has already asked where it is from."),
        Script(5, "Solid, well made, no wobble. Worth every cent."),
        Script(5, "My third order here. Careful packaging, quick answers to my questions."),
        Script(4, "Really nice {goods}. A shade warmer than on my screen, but I like it."),
        Script(5, "Washed it twice now and it still looks new."),
    ),
    Kind.NEUTRAL: (
        Script(3, "It is fine. Thinner than I expected for the price."),
        Script(3, "Does the job. Took almost three weeks to get here, though."),
        Script(3, "The {goods} is okay, the colour is not quite what the photos promise."),
    ),
    Kind.BAD: (
        Script(1, "Arrived with a crack right across the base. I wrote twice and heard nothing."),
        Script(1, "The {goods} fell apart in the first week. I want my money back."),
        Script(2, "Smells strongly of chemicals even after a week by an open window."),
        Script(1, "Wrong item, wrong colour, and return shipping is supposed to be on me?"),
        Script(1, "One of the pieces was missing from the box. Still waiting for it."),
        Script(2, "Scratched all over. This had clearly been returned by somebody else."),
    ),
    Kind.SILENT: (Script(5, ""), Script(4, ""), Script(2, "")),
    Kind.HIDDEN_COMPLAINT: (
        Script(5, "Beautiful! Sadly one of the legs is shorter than the others, so it rocks."),
        Script(5, "Five stars for the courier. The {goods} itself came with a broken handle."),
        Script(4, "Love the design, but the seam opened on day two. Can you send a new one?"),
        Script(5, "Great shop, although I was charged twice and nobody has refunded it yet."),
        Script(5, "Would be perfect if the promised gift box had been in the parcel."),
    ),
    Kind.TURNED_BAD: (
        Script(
            5, "Just unpacked it, looks great so far.", added="Update: it split down the middle."
        ),
        Script(
            5, "Very happy.", added="After one wash the dye ran and ruined a white shirt. Avoid."
        ),
        Script(4, "Nice and sturdy.", added="Coming back to this: the glue has given up."),
    ),
    Kind.EDITED: (
        Script(
            1,
            "Came broken, what a shame.",
            (5, "The shop sent a new {goods} within days. Superb service, changed to five stars."),
        ),
        Script(5, "Lovely.", (2, "Edit: the finish peels off already. Disappointed.")),
        Script(2, "Not the colour I ordered.", (4, "They swapped it without a fuss. Thank you.")),
    ),
    Kind.DELETED: (
        Script(1, "Worst shop ever, do not trust them with your card."),
        Script(1, "It went on sale the day after I bought it and they refuse to refund me."),
        Script(2, "Tracking has not moved in eight days and I needed it for a birthday."),
    ),
    Kind.ADVERTISING: (
        Script(5, "Get the same {goods} for half the price, message +1 202 555 0117 on WhatsApp."),
        Script(5, "Earn $300 a day from home!! Write to easy.days@example.net, no experience."),
        Script(5, "Follow @cosy.deals.example for coupons, much cheaper than here."),
    ),
    Kind.QUESTION: (
        Script(5, "Is the {goods} dishwasher safe? The leaflet does not say."),
        Script(4, "Do you also sell spare parts? I would need another screw set."),
        Script(5, "Could I get an invoice with our company name on it, please?"),
    ),
}
