"""One invented story in several languages, two independent reports of the same event, and other news of the same kind. Written for these tests."""

STORY = {
    "vi": (
        "Việt Nam và Phần Lan ký thỏa thuận 1,13 tỷ USD về điện gió\n"
        "Hà Nội – Ngày 14/8, tập đoàn Nordvind của Phần Lan và Tổng công ty Điện lực Sông Hàn ký thỏa thuận trị giá 1,13 tỷ USD để xây 46 tuabin ngoài khơi Đà Nẵng.\n"
        "Bà Katariina Lehtonen, giám đốc Nordvind, cho biết công trình sẽ cấp điện cho 820.000 hộ gia đình từ năm 2029.\n"
        "Ông Trần Quốc Bảo, thứ trưởng Bộ Công Thương, nói với Reuters rằng đây là dự án lớn nhất kể từ năm 2017.\n"
        "Tuabin kiểu NV-15 cao 261 mét do nhà máy ở Turku sản xuất, vận chuyển qua cảng Hamburg và Singapore.\n"
        "Ngân hàng Đầu tư châu Âu cho vay 415 triệu euro với lãi suất 2,4 phần trăm trong 18 năm.\n"
        "Theo bà Lehtonen, đợt thi công đầu tiên bắt đầu vào thứ Hai, ngày 3 tháng 11."
    ),
    "de": (
        "Vietnam und Finnland unterzeichnen Windkraft-Abkommen über 1,13 Mrd. US-Dollar\n"
        "Hanoi – Der finnische Konzern Nordvind und der Versorger Song Han Power unterzeichneten am 14. August ein Abkommen über 1,13 Mrd. US-Dollar zum Bau von 46 Turbinen vor Da Nang.\n"
        "Nordvind-Chefin Katariina Lehtonen sagte, die Anlage werde ab 2029 820.000 Haushalte mit Strom versorgen.\n"
        "Der stellvertretende Handelsminister Tran Quoc Bao sagte Reuters, dies sei das größte Projekt seit 2017.\n"
        "Die 261 Meter hohen Turbinen des Typs NV-15 werden in Turku gebaut und über die Häfen Hamburg und Singapur verschifft.\n"
        "Die Europäische Investitionsbank leiht 415 Millionen Euro zu 2,4 Prozent Zinsen für 18 Jahre.\n"
        "Lehtonen zufolge beginnt der erste Bauabschnitt am Montag, dem 3. November."
    ),
    "ja": (
        "ベトナムとフィンランド、11億3000万ドルの洋上風力発電で合意\n"
        "ハノイ――フィンランドのノードヴィンド社とソンハン電力は8月14日、ダナン沖に46基のタービンを建設する11億3000万ドルの契約に署名した。\n"
        "ノードヴィンドのカタリーナ・レフトネン社長は、2029年から82万世帯に電力を供給すると述べた。\n"
        "チャン・クオック・バオ商工次官はロイターに対し、2017年以来最大の事業だと語った。\n"
        "高さ261メートルのNV-15型タービンはトゥルクの工場で製造され、ハンブルク港とシンガポール港を経由して運ばれる。\n"
        "欧州投資銀行は4億1500万ユーロを年2.4%で18年間融資する。\n"
        "レフトネン氏によると、最初の工事は11月3日の月曜日に始まる。"
    ),
    "ru": (
        "Вьетнам и Финляндия подписали соглашение о ветроэнергетике на 1,13 млрд долларов\n"
        "Ханой – 14 августа финский концерн Nordvind и энергокомпания Song Han подписали соглашение на 1,13 млрд долларов о строительстве 46 турбин у берегов Дананга.\n"
        "Глава Nordvind Катариина Лехтонен сообщила, что с 2029 года станция обеспечит энергией 820 000 домохозяйств.\n"
        "Заместитель министра Чан Куок Бао заявил Reuters, что это крупнейший проект с 2017 года.\n"
        "Турбины NV-15 высотой 261 метр изготовят в Турку и доставят через порты Гамбурга и Сингапура.\n"
        "Европейский инвестиционный банк предоставит 415 млн евро под 2,4 процента на 18 лет.\n"
        "По словам Лехтонен, первый этап начнётся в понедельник, 3 ноября."
    ),
    "th": (
        "เวียดนามและฟินแลนด์ลงนามข้อตกลงพลังงานลมมูลค่า 1.13 พันล้านดอลลาร์\n"
        "ฮานอย – เมื่อวันที่ 14 สิงหาคม บริษัท Nordvind ของฟินแลนด์และการไฟฟ้าซองฮันลงนามข้อตกลงมูลค่า 1.13 พันล้านดอลลาร์เพื่อสร้างกังหัน 46 ต้นนอกชายฝั่งดานัง\n"
        "คาทาริอินา เลห์โทเนน ผู้บริหาร Nordvind กล่าวว่าโครงการจะจ่ายไฟให้ 820,000 ครัวเรือนตั้งแต่ปี 2029\n"
        "รัฐมนตรีช่วยว่าการกล่าวกับ Reuters ว่านี่เป็นโครงการที่ใหญ่ที่สุดนับตั้งแต่ปี 2017\n"
        "กังหันรุ่น NV-15 สูง 261 เมตร ผลิตที่เมืองตุรกุ และขนส่งผ่านท่าเรือฮัมบูร์กและสิงคโปร์\n"
        "ธนาคารเพื่อการลงทุนแห่งยุโรปให้กู้ 415 ล้านยูโร ดอกเบี้ย 2.4 เปอร์เซ็นต์ เป็นเวลา 18 ปี\n"
        "การก่อสร้างระยะแรกเริ่มในวันจันทร์ที่ 3 พฤศจิกายน"
    ),
}

INDEPENDENT = {
    "de": (
        "Finnischer Windparkbauer drängt nach Südostasien\n"
        "Helsinki. Mit einem Großauftrag aus Vietnam meldet sich der Anlagenbauer Nordvind zurück. Analysten der Danske Bank sprechen von einem Befreiungsschlag, nachdem die Aktie seit Januar 31 Prozent verloren hatte.\n"
        "Vor der Küste Zentralvietnams soll bis zum Ende des Jahrzehnts ein Windpark entstehen; das Unternehmen hatte sich gegen Bewerber aus Dänemark, China und Südkorea durchgesetzt.\n"
        "Gewerkschaftssprecher Mikko Salonen forderte, dass die 1.900 Stellen im Stammwerk erhalten bleiben. Umweltverbände in Hanoi kritisieren, dass die Fischer der Region nicht gehört worden seien.\n"
        "Im Vorjahr hatte Nordvind bei einem Umsatz von 3,6 Milliarden Euro einen Verlust von 88 Millionen Euro verbucht.\n"
        "Die Regierung in Helsinki sichert das Geschäft mit einer Exportgarantie ab, wie Wirtschaftsminister Jari Koskela am Abend im Fernsehen sagte."
    ),
    "ja": (
        "北欧の風力大手、東南アジア進出を加速\n"
        "東京発。フィンランドの風力発電大手がベトナムで大型受注を獲得した。関連銘柄の三友重工は前日比9%高となり、証券アナリストの山本誠氏は「部品輸出に追い風」とみている。\n"
        "競争入札には韓国の2社も参加したが、価格面で及ばなかった。漁業関係者からは補償を求める声が上がっており、環境団体は12月に抗議集会を計画している。\n"
        "ベトナム政府は2050年までに石炭火力を全廃する方針で、日本の国際協力機構も送電網の調査に協力する。\n"
        "商社の担当者は「部材の調達先として北九州港を使いたい」と話した。"
    ),
}

GOLD = {
    "vi": [
        (
            f"Giá vàng hôm nay {day}/8: SJC {move} {step}.000 đồng\n"
            f"Sáng {day}/8, giá vàng SJC tại Hà Nội được niêm yết ở mức {price},{step // 100} triệu đồng/lượng mua vào và {price + 2},{step // 100} triệu đồng/lượng bán ra.\n"
            f"Tại TP.HCM, giá vàng nhẫn 9999 là {price - 4},6 triệu đồng/lượng.\n"
            f"Trên thế giới, giá vàng giao ngay trên sàn Kitco ở mức {2400 + 3 * step // 10} USD/ounce. Đồng USD tại Vietcombank là 25.{300 + step} đồng."
        )
        for day, move, step, price in (
            (4, "tăng", 300, 78),
            (5, "giảm", 500, 77),
            (6, "tăng", 200, 79),
            (7, "giảm", 700, 76),
        )
    ],
    "en": [
        (
            f"Gold price today, August {day}: SJC {move} VND{step},000\n"
            f"On the morning of August {day}, SJC gold in Hanoi was quoted at VND{price}.{step // 100} million a tael for buying and VND{price + 2}.{step // 100} million for selling.\n"
            f"In Ho Chi Minh City, 9999 gold rings cost VND{price - 4}.6 million a tael.\n"
            f"On the world market, spot gold on Kitco stood at USD {2400 + 3 * step // 10} an ounce. The US dollar at Vietcombank was 25,{300 + step} dong."
        )
        for day, move, step, price in ((8, "up", 400, 75), (9, "down", 600, 74))
    ],
}

OTHER = {
    "vi": [
        "Bão số 5 suy yếu khi vào Quảng Ninh\nTrung tâm khí tượng cho biết lúc 7 giờ ngày 15/8, bão số 5 cách Hạ Long 60 km, sức gió cấp 8. Khoảng 3.200 tàu cá ở Hải Phòng đã về bờ. Ông Nguyễn Văn Hưởng dự báo mưa 150 mm đến hết thứ Sáu. Các trường ở Móng Cái nghỉ học hai ngày.",
        "U23 Việt Nam thắng Indonesia 2-1\nTối 16/8 tại sân Mỹ Đình, U23 Việt Nam thắng Indonesia 2-1 nhờ hai bàn của Lê Minh Khôi ở phút 23 và 78. HLV Park nói đội sẽ gặp Thái Lan hôm 20/8. Trận đấu có 38.000 khán giả. Marselino gỡ hòa ở phút 60.",
        "Ngân hàng Nhà nước giữ lãi suất điều hành\nNgày 12/8, Ngân hàng Nhà nước giữ lãi suất tái cấp vốn ở mức 4,5 phần trăm. Tín dụng tăng 6,1 phần trăm từ đầu năm. Bà Nguyễn Thị Hồng cho biết lạm phát bình quân là 4,1 phần trăm. VN-Index đóng cửa ở mức 1.230 điểm.",
        "Tập đoàn LEGO mở nhà máy ở Bình Dương\nNgày 9/4, LEGO khánh thành nhà máy thứ sáu trên thế giới tại VSIP III, vốn 1 tỷ USD, rộng 44 ha. Ông Niels Christiansen cho biết nhà máy dùng 12.400 tấm pin mặt trời và sẽ tuyển 4.000 lao động.",
    ]
}

REPORTS = {
    "en": (
        "US to put its troops in Japan under a joint command as allies warn of China\n"
        "TOKYO, July 28 - The United States will reorganise its forces in Japan under a joint force headquarters led by a three-star general, Defense Secretary Lloyd Austin said on Sunday, calling it the most significant change since the command was created in 1957.\n"
        "Austin and Secretary of State Antony Blinken met Foreign Minister Yoko Kamikawa and Defence Minister Minoru Kihara at the Iikura guest house. A statement described Beijing as the greatest strategic challenge in the region and criticised Moscow's growing military cooperation with North Korea.\n"
        "About 54,000 American soldiers are stationed in Japan, more than half of them on Okinawa, where residents have protested since two assault cases became public in June.\n"
        "The ministers spoke for 90 minutes about extended deterrence, including nuclear weapons, the first time that the subject had a session of its own. South Korea's Shin Won-sik joined for a trilateral meeting before the talks.\n"
        "Plans to build more Patriot PAC-3 interceptors in Japan have been held up by a shortage of seekers made by Boeing, Reuters reported last week. Mitsubishi Heavy makes about 30 a year.\n"
        "From Tokyo the two secretaries fly on to Manila, where Washington is expected to announce 500 million dollars in military aid."
    ),
    "vi": (
        "Mỹ nâng cấp bộ chỉ huy ở Nhật: Tokyo được gì và mất gì?\n"
        "Cuộc họp 2+2 ngày 28/7 tại Tokyo khép lại với lời hứa của Bộ trưởng Quốc phòng Mỹ Lloyd Austin về một sở chỉ huy mới do tướng ba sao đứng đầu. Giới quan sát Nhật Bản cho rằng đây mới là bước khởi đầu.\n"
        "Theo giáo sư Ken Jimbo của Đại học Keio, hiện USFJ chỉ lo hậu cần và quan hệ với địa phương, còn quyền tác chiến nằm ở Hawaii, cách Tokyo 6.500 km. “Chênh lệch 19 múi giờ khiến mọi quyết định chậm một nhịp”, ông nói.\n"
        "Bộ chỉ huy tác chiến chung của Nhật sẽ có 240 người và đặt tại Ichigaya. Bộ trưởng Minoru Kihara khẳng định hai bên vẫn giữ hệ thống chỉ huy riêng, trái với mô hình Mỹ - Hàn.\n"
        "Ngoại trưởng Yoko Kamikawa cũng nêu với ông Antony Blinken các vụ việc liên quan lính Mỹ ở Okinawa, nơi 70% căn cứ tập trung. Thống đốc Denny Tamaki gọi thông cáo là “gây thất vọng”.\n"
        "Chi tiêu quốc phòng năm nay của Nhật là 7.950 tỷ yên, tăng 16%. Chính phủ muốn đạt 2% GDP vào năm 2027.\n"
        "Bắc Kinh phản ứng ngay hôm sau: người phát ngôn Lâm Kiếm bác bỏ cái gọi là mối đe dọa từ Trung Quốc."
    ),
    "ja": (
        "日米2プラス2、在日米軍に統合軍司令部　沖縄県は反発\n"
        "日米両政府は28日、外務・防衛担当閣僚による安全保障協議委員会（2プラス2）を東京都港区の飯倉公館で開いた。上川陽子外相、木原稔防衛相、ブリンケン国務長官、オースティン国防長官が出席した。\n"
        "自衛隊が2025年3月末までに設ける統合作戦司令部に合わせ、米側は在日米軍司令部を再編する。司令官は中将級のままとし、具体策は作業部会で詰める。\n"
        "玉城デニー知事は記者団に「県民の負担がさらに増えかねない」と述べた。県内では6月以降、米兵による事件が相次いで明らかになっている。\n"
        "拡大抑止をめぐる初の閣僚会合も約50分開かれ、米国の核を含む戦力で日本を守る決意を確認した。\n"
        "前日には韓国の申源湜国防相を交えた会談があり、ミサイル警戒情報の共有など3カ国協力の覚書に署名した。立憲民主党の泉健太代表は国会での説明を求めた。"
    ),
    "fr": (
        "Tokyo et Washington resserrent les rangs face à Pékin\n"
        "De notre correspondante à Tokyo. Le symbole compte autant que l’annonce : pour la première fois depuis soixante ans, le commandement américain au Japon aura des prérogatives opérationnelles, ont promis dimanche Antony Blinken et Lloyd Austin.\n"
        "« C’est une façon de préparer une crise à Taïwan », résume Céline Pajon, chercheuse à l’Ifri, qui rappelle que l’île n’est qu’à 110 kilomètres de Yonaguni.\n"
        "Les ministres Yoko Kamikawa et Minoru Kihara ont obtenu en retour un dialogue sur la dissuasion nucléaire. Le Parti communiste japonais dénonce une « subordination » de l’armée nippone ; 1 200 personnes ont manifesté devant la Diète, selon les organisateurs.\n"
        "Donald Trump, qui brigue un nouveau mandat en novembre, avait réclamé en 2019 que le Japon quadruple sa contribution au stationnement des troupes, alors de 2 milliards de dollars par an.\n"
        "Le Premier ministre Fumio Kishida, dont la cote est tombée à 17 %, recevra la semaine prochaine le chancelier allemand."
    ),
    "ko": (
        "주일미군 통합군사령부 창설… 한반도 유사시 영향은\n"
        "미국과 일본은 28일 도쿄에서 외교·국방장관 회의를 열고 주일미군을 통합군사령부로 재편하기로 했다. 토니 블링컨 국무장관과 로이드 오스틴 국방장관이 가미카와 요코 외무상, 기하라 미노루 방위상과 마주 앉았다.\n"
        "신원식 국방부 장관은 같은 날 한미일 국방장관회담을 마치고 “3국 훈련 프리덤 에지를 정례화하겠다”고 말했다. 한국 국방장관의 일본 방문은 15년 만이다.\n"
        "세종연구소 정은아 연구위원은 “유엔사 후방기지 7곳의 역할이 커질 것”이라며 “전시작전권 논의와도 무관하지 않다”고 분석했다.\n"
        "주한미군은 2만8500명으로, 사령관은 4성 장군이다. 주일미군 사령관은 3성이어서 지휘 관계를 둘러싼 조율이 과제로 남는다.\n"
        "더불어민주당은 논평을 내고 일본의 군사 대국화에 면죄부를 준 회의라고 비판했다."
    ),
}
"""Independent reports of one real event: the same day, names and places, and nothing else in common."""

STATEMENT = {
    "vi": (
        "Mỹ và Nhật Bản ra thông cáo về bộ chỉ huy chung\n"
        "Sau cuộc gặp tại Tokyo, Ngoại trưởng Antony Blinken, Bộ trưởng Quốc phòng Lloyd Austin cùng hai người đồng cấp Yoko Kamikawa và Minoru Kihara công bố thông cáo chung.\n"
        "Theo văn kiện, USFJ sẽ thành sở chỉ huy lực lượng chung thuộc Bộ Tư lệnh Ấn Độ Dương - Thái Bình Dương.\n"
        "Phía Nhật Bản lập sở chỉ huy thường trực của mình trước tháng 3 năm sau.\n"
        "Khuôn khổ DICAS sẽ lo việc hợp tác công nghiệp quốc phòng, trong đó có tên lửa cho tiêm kích F-35 mà Nhật Bản đã đặt mua gần 150 chiếc để thay F-2.\n"
        "Bốn bộ trưởng cũng muốn tăng sản lượng tên lửa Patriot PAC-3 để bù cho số Mỹ đã chuyển tới Ukraine.\n"
        "Việc sửa tàu chiến Mỹ tại Nhật Bản đã được bàn ở hội nghị thượng đỉnh tháng 4."
    ),
    "de": (
        "USA und Japan geben Erklärung zum gemeinsamen Hauptquartier ab\n"
        "Nach ihrem Treffen in Tokio veröffentlichten Außenminister Antony Blinken, Verteidigungsminister Lloyd Austin und ihre Kollegen Yoko Kamikawa und Minoru Kihara eine gemeinsame Erklärung.\n"
        "Demnach wird USFJ zum Hauptquartier vereinter Kräfte unter dem Indo-Pazifik-Kommando.\n"
        "Japan richtet sein eigenes ständiges Hauptquartier noch vor März nächsten Jahres ein.\n"
        "Das Rahmenwerk DICAS soll die Zusammenarbeit der Rüstungsindustrie regeln, darunter Raketen für den Kampfjet F-35, von dem Japan fast 150 Stück als Ersatz für die F-2 bestellt hat.\n"
        "Die vier Minister wollen auch mehr Patriot-Raketen PAC-3 herstellen lassen, um zu ersetzen, was die USA der Ukraine geliefert haben.\n"
        "Über Reparaturen amerikanischer Kriegsschiffe in Japan war beim Gipfel im April gesprochen worden."
    ),
}
"""Another report of that event, and its translation."""
