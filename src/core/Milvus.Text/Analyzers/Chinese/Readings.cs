using System.Collections.Frozen;
using System.Text;

namespace Milvus.Text.Analyzers.Chinese;

/// <summary>
/// The most common reading of common Chinese characters, in pinyin without tones (ü as v), compiled for this project. Simplified characters;
/// one reading per character.
/// </summary>
internal static class Readings
{
    private static readonly FrozenDictionary<int, byte[]> s_readings = Parse(AToG + " " + HToN + " " + OToX + " " + YToZ);

    /// <summary>The reading in UTF-8; null when it is not known.</summary>
    public static byte[]? Of(Rune character) => s_readings.GetValueOrDefault(character.Value);

    private const string AToG =
        "a啊阿 ai爱哀唉埃挨矮艾碍癌蔼隘哎皑 an安按案暗岸俺鞍氨胺庵 ang昂肮盎 ao奥傲熬凹澳袄遨懊敖 ba八把爸吧巴拔罢霸坝疤芭扒靶叭笆捌 bai白百败摆拜柏佰 ban半办班板版般搬伴扮拌绊斑颁扳瓣 "
        + "bang帮棒邦榜膀绑磅傍谤 bao包保报宝抱暴薄饱爆胞堡剥豹褒苞雹 bei被北备背杯倍悲贝辈碑卑狈惫钡焙 ben本奔笨苯 beng崩蹦泵绷甭 bi比笔必毕闭避币壁臂逼鼻彼碧弊蔽毙庇鄙痹辟敝陛匕璧婢 "
        + "bian边变便遍编辩辨鞭扁贬匾卞蝙 biao表标彪膘镖 bie别憋瘪鳖 bin宾滨彬斌濒殡缤 bing并病兵冰饼丙柄炳秉 bo波播伯博勃驳玻泊拨脖菠搏膊舶卜渤跛帛 bu不部步布补捕怖哺埠簿 ca擦 cai才菜采财彩材裁猜踩蔡睬 "
        + "can参餐残惨灿蚕惭 cang藏仓苍舱沧 cao草操曹槽糙 ce策测侧册厕 cen岑 ceng层蹭曾 cha查茶差察插叉刹岔诧茬碴 chai拆柴豺 chan产缠阐铲颤蝉馋谗掺搀禅蟾 chang长常场厂唱昌尝偿肠畅倡敞怅娼猖 "
        + "chao超朝潮吵炒抄钞嘲巢 che车彻撤扯澈 chen陈沉晨尘臣趁衬称辰忱郴琛 cheng成城程承乘诚呈惩橙撑澄秤丞逞骋 chi吃持池迟尺赤齿翅痴斥耻驰匙弛嗤炽侈 chong充冲虫崇宠 chou抽愁丑臭仇筹绸酬稠畴瞅 "
        + "chu出处初除楚触础储厨锄雏橱矗畜 chuai揣 chuan传船穿川串喘 chuang创床窗闯疮幢 chui吹垂锤炊捶 chun春纯唇蠢醇淳 chuo戳绰 ci次此词辞刺磁慈瓷雌赐祠茨 cong从聪丛匆葱囱 cou凑 cu粗促醋簇 cuan窜篡 "
        + "cui催脆翠崔摧粹萃瘁 cun村存寸 cuo错措挫搓撮磋 da大打达答搭瘩 dai带代待袋戴呆贷逮怠歹黛 dan但单蛋担弹胆淡丹旦诞耽氮惮 dang当党挡档荡 dao到道倒刀导岛稻盗蹈祷捣悼 de的得德 deng等灯登邓凳瞪蹬 "
        + "di地第低底敌弟帝递滴迪笛抵蒂缔堤狄涤嘀 dian电点店典殿垫淀奠颠碘甸惦滇 diao掉调吊钓雕刁碉叼 die跌爹叠蝶碟谍迭 ding定顶订丁盯钉鼎叮锭 diu丢 dong东动懂冬洞冻栋董侗 dou都斗豆抖逗兜陡 "
        + "du度读独毒杜堵赌渡督肚镀睹犊妒 duan段断短端锻缎 dui对队堆兑 dun吨顿蹲盾墩敦钝炖 duo多夺朵躲舵堕惰跺 e俄饿鹅额恶娥鄂扼遏愕讹蛾 en恩 er而二儿耳尔饵洱 fa发法罚伐乏阀筏 fan反饭范犯翻凡番烦繁返泛贩帆樊矾 "
        + "fang方房放防访仿纺芳妨肪坊 fei非飞费肥废肺沸匪菲啡诽吠 fen分份粉奋愤纷坟芬粪焚吩氛酚 feng风丰封峰锋疯冯缝奉凤讽枫蜂烽逢 fo佛 fou否 fu服复父夫付负富副福府妇浮附符扶幅腐伏肤赴抚辅覆腹俯敷弗赋缚咐傅斧釜孵芙拂辐氟袱 "
        + "ga嘎 gai该改概盖钙丐溉 gan干感敢赶甘肝杆竿秆柑赣 gang刚钢港岗纲缸杠冈 gao高告搞稿糕膏羔皋镐 ge个各歌哥格革隔割葛阁搁戈鸽胳疙蛤 gei给 gen根跟 geng更耕庚羹耿梗 "
        + "gong工公共功供宫攻恭巩贡弓躬拱龚 gou够构狗购沟勾钩苟垢 gu古故固顾骨鼓谷股姑孤估雇辜咕沽菇箍 gua挂瓜刮寡卦褂 guai怪乖拐 guan关管观官馆冠惯贯灌罐棺 guang光广逛 gui规归贵鬼轨柜桂跪龟硅闺瑰诡癸刽 "
        + "gun滚棍辊 guo国过果锅裹郭";

    private const string HToN =
        "ha哈 hai还海害孩亥骸骇氦 han汉喊含寒汗韩旱函罕憾焊翰撼憨邯涵悍捍酣 hang航杭夯 hao好号毫豪浩耗郝壕嚎蒿 he和合河何喝贺核盒荷赫褐鹤阂涸禾呵 hei黑嘿 hen很恨狠痕 heng横恒衡亨哼 hong红洪宏轰鸿虹哄烘弘 "
        + "hou后候厚侯喉猴吼 hu湖护户呼虎忽互胡糊壶狐弧乎蝴葫瑚沪唬 hua话花化华画划滑哗猾 huai坏怀淮徊槐 huan换环欢缓患幻唤痪焕涣宦桓 huang黄皇荒慌煌晃凰惶谎恍簧磺蝗 hui会回灰挥汇辉恢惠慧毁悔绘徽蛔讳诲贿晦秽烩 "
        + "hun婚混魂昏浑荤 huo活火或获货伙惑霍祸豁 ji机级几记己及计极集际基技积击继济既季激纪鸡急绩疾辑籍寄吉寂肌挤饥迹剂祭忌姬棘讥嫉冀脊畸稽汲伎稷圾妓缉 jia家加价假架佳甲嘉驾夹嫁稼贾钾颊荚 "
        + "jian见间建件简检坚减剑渐监健践箭键尖鉴荐舰艰兼肩剪煎俭拣奸碱茧捡饯溅涧柬歼槛 jiang江将讲降奖蒋姜疆浆僵酱匠桨 jiao教交叫较角脚焦胶骄郊缴娇浇搅轿狡绞矫椒礁蕉剿窖跤 "
        + "jie接结解界节街阶姐介借届洁截杰皆戒揭劫捷诫芥竭睫秸疥 jin进近金今仅紧尽斤劲禁锦津晋筋襟谨浸靳巾烬 jing经京精静境竟惊敬景警净镜井径竞晶睛鲸荆颈茎兢靖 jiong窘炯 jiu就九久酒旧救究纠揪舅灸玖韭厩臼咎疚 "
        + "ju局据具举居句剧聚巨拒距俱锯鞠惧菊橘沮炬矩驹 juan卷捐绢倦眷娟 jue决绝觉角爵掘诀倔嚼撅 jun军均君俊菌峻钧骏郡竣 ka卡咖喀 kai开凯慨楷揩 kan看刊坎堪砍勘侃 kang抗康扛炕慷糠亢 kao考靠烤拷 "
        + "ke可科克客刻课颗渴壳柯棵苛咳磕坷 ken肯垦恳啃 keng坑吭 kong空控孔恐 kou口扣寇 ku苦哭库裤酷枯窟 kua跨夸垮挎 kuai快块筷脍 kuan宽款 kuang况矿狂框旷筐眶匡 kui亏愧葵魁溃馈奎岿盔窥傀 kun困昆捆坤 kuo扩括阔廓 "
        + "la拉啦辣蜡喇腊垃 lai来赖莱 lan蓝兰烂拦篮懒览栏滥澜缆揽婪榄 lang浪朗郎狼廊琅榔 lao老劳牢捞姥佬烙涝酪 le了乐勒 lei类泪累雷垒磊蕾擂肋 leng冷愣棱楞 "
        + "li里力理利立李历例离丽礼粒黎莉厘梨璃励隶厉荔鲤犁漓篱吏哩俐栗砾沥痢狸 lia俩 lian连联脸练恋链莲怜帘廉炼敛镰涟 liang两量亮良凉粮梁辆谅粱晾 liao料聊疗辽廖撩僚寥燎潦 lie列烈裂猎劣咧 "
        + "lin林临邻淋琳磷鳞霖赁吝拎凛 ling领令另零灵龄铃玲凌陵岭伶羚菱 liu六流留刘柳溜硫瘤榴琉馏 long龙隆笼垄聋拢陇窿咙 lou楼漏露搂娄篓陋 lu路陆录鲁炉卢鹿碌芦庐虏颅禄赂麓潞 luan乱卵峦孪滦 lun论轮伦沦仑 "
        + "luo落罗络洛骆逻萝锣裸螺箩骡 lv律绿率旅虑吕铝履屡侣缕氯驴 lve略掠 ma马妈吗麻骂码嘛玛蚂 mai买卖麦埋脉迈 man满慢漫曼瞒蛮馒蔓谩 mang忙盲茫芒莽氓 mao毛猫冒贸矛茅帽貌茂卯铆髦锚 "
        + "me么 mei没美每妹梅眉煤媒枚霉酶媚玫魅昧镁 men们门闷 meng梦蒙猛盟孟萌檬锰 mi米密迷蜜谜弥觅靡糜眯秘 mian面棉免眠绵勉缅冕娩 miao秒妙苗描庙渺瞄藐 mie灭蔑 min民敏闽皿悯 ming名明命鸣铭冥螟 miu谬 "
        + "mo摸模末莫默墨魔磨膜沫漠陌抹寞摩蘑 mou某谋牟 mu木目母幕亩墓牧姆慕穆暮拇募睦牡 na那拿哪纳娜呐钠 nai乃奶耐奈氖 nan南难男楠 nang囊 nao脑闹恼挠淖 ne呢 nei内馁 nen嫩 neng能 ni你泥尼拟逆妮腻倪匿溺 "
        + "nian年念粘碾撵捻蔫 niang娘酿 niao鸟尿 nie捏聂孽镊涅镍 nin您 ning宁凝柠拧狞泞 niu牛纽扭钮 nong农浓脓弄 nu努怒奴 nuan暖 nuo诺挪懦糯 nv女 nve虐疟";

    private const string OToX =
        "o哦 ou欧偶呕殴鸥藕 pa怕爬帕趴琶啪 pai排派牌拍徘湃 pan盘判盼叛潘攀畔磐 pang旁胖庞乓 pao跑炮泡抛袍刨咆 pei配陪培赔佩沛裴胚 pen喷盆 peng朋碰棚蓬鹏捧彭膨烹澎篷硼砰 pi皮批疲脾匹僻譬披劈屁啤琵霹坯毗痞 "
        + "pian片篇偏骗 piao票飘漂瓢 pie撇瞥 pin品贫拼频聘 ping平评瓶凭苹屏萍坪乒 po破迫婆坡泼颇魄粕 pou剖 pu普铺扑葡谱蒲仆朴浦圃埔瀑曝菩莆 qi起其期气七器奇齐企汽棋旗弃骑启妻漆欺契戚岂歧沏凄祁乞泣迄讫栖崎 "
        + "qia恰洽掐 qian前千钱签欠潜浅迁牵谦铅钳遣嵌歉黔乾虔谴堑仟 qiang强枪墙抢腔羌呛 qiao桥巧敲乔悄瞧侨翘俏峭锹撬窍鞘 qie切且窃茄怯 qin亲勤琴秦侵钦禽沁寝擒芹 qing请情清青轻庆倾晴顷擎氢卿氰 qiong穷琼 "
        + "qiu求球秋丘囚酋邱泅 qu去取区曲趋趣屈驱渠娶躯龋蛆 quan全权圈劝泉拳犬券痊醛 que却确缺雀鹊瘸榷 qun群裙 ran然燃染冉 rang让嚷壤攘瓤 rao绕扰饶 re热惹 ren人任认忍仁刃韧壬纫妊 reng仍扔 ri日 "
        + "rong容荣融溶绒熔蓉茸戎冗 rou肉柔揉 ru如入乳辱儒汝茹蠕孺褥 ruan软阮 rui瑞锐蕊 run润闰 ruo若弱 sa撒洒萨 sai赛塞腮鳃 san三散伞叁 sang丧桑嗓 sao扫嫂骚搔 se色涩瑟 sen森 seng僧 sha杀沙傻纱厦莎砂啥煞 shai晒筛 "
        + "shan山善闪衫扇删珊杉陕擅汕膳苫煽缮赡 shang上商伤赏尚裳晌 shao少烧绍稍哨勺捎梢芍邵韶 she社设射舍蛇摄涉赦奢赊慑 shei谁 shen深神身什沈审甚慎申伸肾渗绅婶呻砷 sheng生声盛胜省升圣剩绳牲甥 "
        + "shi是时事实十使市世式始师石史室视试士失食施识示诗适势释氏饰狮湿尸驶誓逝侍嗜拭柿仕虱蚀屎矢拾 shou手受收首守寿授售瘦兽狩 shu书数术树属输束述熟叔殊舒鼠蔬疏梳淑署蜀曙赎竖墅庶漱恕枢孰薯黍 "
        + "shua刷耍 shuai帅摔衰甩 shuan栓拴 shuang双霜爽 shui水睡税 shun顺瞬舜吮 shuo说硕朔烁 si思死四司丝私似斯寺撕饲嘶肆嗣伺巳 song送松宋颂耸诵讼怂 sou搜艘擞嗽 su素速苏诉俗塑肃宿粟溯酥僳 suan算酸蒜 "
        + "sui随岁虽碎遂穗隋隧髓绥祟 sun孙损笋 suo所索锁缩梭唆琐嗦蓑 ta他她它塔踏塌挞蹋獭 tai太台态泰抬胎苔汰酞 tan谈弹探坦叹炭坛贪摊滩瘫痰檀潭谭毯袒碳 tang堂唐糖汤躺趟塘膛烫倘淌棠搪 tao逃桃套讨陶涛掏淘萄滔绦 "
        + "te特 teng疼腾藤誊 ti体题提替梯踢蹄剃涕惕啼屉锑嚏 tian天田填甜添恬舔腆 tiao条跳挑眺迢 tie铁贴帖 ting听停庭厅挺亭廷艇婷汀烃 tong同通统痛铜童桶筒桐瞳彤捅酮佟 tou头投透偷 tu图土突途徒吐兔涂屠凸秃 tuan团湍 "
        + "tui推退腿颓蜕褪 tun吞屯臀豚 tuo脱托拖妥驼陀椭拓唾鸵 wa瓦挖娃袜蛙洼哇 wai外歪 wan完万晚玩湾碗弯顽丸挽婉宛皖惋烷腕 wang王网往望忘亡旺汪枉妄 wei为位未委维围味微伟卫危威尾违谓魏唯慰伪喂畏胃韦惟萎纬巍尉苇渭潍 "
        + "wen问文温闻稳吻纹蚊瘟紊 weng翁嗡瓮 wo我握卧窝沃涡蜗斡 wu五无物务武午舞误屋吴雾污乌悟伍吾勿侮诬巫呜钨芜梧戊坞晤 xi系西息希习细喜席吸洗戏析惜溪悉稀锡熙袭夕膝嘻昔媳犀熄奚隙檄烯硒汐 "
        + "xia下夏吓峡侠霞狭虾瞎辖暇匣 xian现先线险显县献限鲜闲贤仙弦陷宪掀嫌纤咸衔羡馅腺涎舷 xiang想向相象像响香乡项享箱祥详湘厢巷翔橡镶襄 xiao小笑校效消销晓萧肖孝宵削啸哮硝淆霄嚣 xie写些谢协鞋斜血邪携胁歇泄屑卸械懈蟹谐蝎挟楔泻 "
        + "xin新心信欣辛薪芯馨锌衅 xing行性形星兴型醒幸姓刑杏腥邢猩惺 xiong雄兄熊胸凶汹匈 xiu修休秀袖绣羞锈朽嗅 xu需许须续徐序虚绪叙畜蓄旭吁恤絮墟戌嘘酗婿 xuan选宣悬旋玄轩喧癣绚眩 xue学雪穴薛靴 "
        + "xun寻讯训迅询巡循熏勋旬驯逊汛殉";

    private const string YToZ =
        "ya亚压牙押鸭雅呀芽崖涯哑衙讶蚜 yan眼言严研烟演验延沿盐炎颜岩掩燕焰宴厌咽淹阎雁彦艳砚奄衍唁谚堰殷 yang样阳洋养扬央杨羊仰氧痒秧殃鸯疡漾 yao要药摇遥腰咬邀妖耀姚谣窑尧舀钥 "
        + "ye也业夜叶爷野页液冶耶椰噎掖曳 yi一以意已义议易医艺依异益移衣疑亿仪遗宜忆姨椅译抑翼役亦逸疫毅谊倚伊壹揖颐夷胰沂蚁彝肄屹裔溢诣绎 yin因音引银印阴饮隐姻吟淫寅尹茵荫 "
        + "ying应英影营迎硬映盈赢蝇鹰婴樱莹缨荧萤颖 yo哟 yong用永勇拥泳涌庸咏踊佣蛹恿臃雍 you有又由友油右游优幼忧悠尤邮诱犹幽佑釉铀酉 yu与于鱼语育雨余欲玉域预遇愈誉宇予羽娱浴渔狱御豫郁裕愉喻寓愚逾渝榆虞舆屿禹芋吁淤迂驭盂俞 "
        + "yuan员元原园院远愿源圆缘援怨冤袁渊苑垣猿鸳辕 yue月越约跃阅岳粤悦曰 yun云运允孕韵匀晕蕴耘酝郧陨 za杂砸咱 zai在再载灾宰栽哉 zan暂赞攒 zang脏葬赃 zao早造遭糟澡枣躁灶燥噪藻凿皂蚤 ze则责择泽 zei贼 zen怎 "
        + "zeng增赠憎 zha炸扎闸眨榨诈渣札铡栅乍 zhai摘窄债宅寨斋 zhan战站展占斩盏粘沾瞻栈詹崭湛绽毡辗蘸 zhang张章掌障帐涨丈仗账胀杖彰漳樟瘴 zhao找照招召兆赵罩爪昭沼肇 zhe这着者哲折浙遮辙蔗辄 "
        + "zhen真阵镇针震珍振诊侦枕贞臻榛斟甄砧疹 zheng正政整证争征郑症蒸睁挣拯怔狰筝帧 zhi之只知直制至治质指志值职支止纸植址执枝致智置织汁芝脂蜘掷稚滞秩肢殖峙窒趾帜旨挚 "
        + "zhong中种重终众钟忠肿仲衷盅 zhou周州洲舟粥皱宙昼轴骤咒肘帚 zhu主住注助著竹祝珠筑株朱猪驻柱煮铸逐烛嘱诸蛛拄瞩蛀贮 zhua抓 zhuai拽 zhuan专转砖赚撰篆 zhuang装状壮庄撞妆桩 zhui追坠缀锥椎赘 zhun准谆 "
        + "zhuo捉桌卓浊酌灼啄茁拙 zi自子字资紫姿滋仔兹咨籽滓淄 zong总宗综纵踪棕鬃 zou走奏揍邹 zu族组足租祖阻卒诅 zuan钻 zui最罪嘴醉 zun尊遵 zuo作做坐座左昨琢";

    private static FrozenDictionary<int, byte[]> Parse(string table)
    {
        var readings = new Dictionary<int, byte[]>();
        foreach (string entry in table.Split(' '))
        {
            int letters = entry.AsSpan().IndexOfAnyExceptInRange('a', 'z');
            byte[] syllable = Encoding.UTF8.GetBytes(entry[..letters]);
            foreach (char character in entry.AsSpan(letters))
                readings.TryAdd(character, syllable);
        }
        return readings.ToFrozenDictionary();
    }
}
