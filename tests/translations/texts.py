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
