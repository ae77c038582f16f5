"""News stories for tests and the demo, written for this project. Nobody in them exists and nothing in them happened.

Each has the Vietnamese original as congluan.vn would print it. Three have honest translations: every fact, number and name of the
original stands in them, in the same order, as an aggregator's translator would leave it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """A story in one language. `byline` is the last line of the body."""

    title: str
    lead: str
    paragraphs: tuple[str, ...]
    byline: str


@dataclass(frozen=True)
class NewsStory:
    slug: str
    number: int
    """The id in congluan.vn's address."""
    section: str
    hours: float
    """Age when the site is built."""
    credits: tuple[str, ...]
    vi: Text
    translations: dict[str, Text] = field(default_factory=dict)


HYDROGEN = NewsStory(
    slug="nhat-ban-dua-tau-cho-hang-chay-hydro-vao-tuyen-kobe-yokohama",
    number=351204,
    section="quoc-te/the-gioi-24h",
    hours=5,
    credits=("Kyodo", "Nikkei"),
    vi=Text(
        title="Nhật Bản đưa tàu chở hàng chạy hydro vào tuyến Kobe - Yokohama",
        lead="Con tàu Asahi Maru dài 116 mét, chạy hoàn toàn bằng hydro hóa lỏng, sẽ chở hàng mỗi tuần hai chuyến giữa Kobe và Yokohama từ tháng 3 năm sau.",
        paragraphs=(
            "Hãng vận tải biển Setouchi Line hôm thứ Hai cho biết tàu Asahi Maru đã hoàn tất 14 chuyến chạy thử trong vịnh Osaka mà không gặp sự cố nào. Tàu có trọng tải 5.200 tấn và chở được 180 container tiêu chuẩn.",
            "Theo bà Haruka Minamoto, giám đốc kỹ thuật của hãng, hai bình chứa hydro hóa lỏng dung tích 75 mét khối đặt ở đuôi tàu giúp con tàu đi được 900 km trước khi phải tiếp nhiên liệu. Quãng đường Kobe - Yokohama bằng đường biển dài khoảng 650 km.",
            "“Chúng tôi không muốn đóng một con tàu chỉ để trưng bày. Asahi Maru phải chở hàng đúng giờ như mọi con tàu khác, kể cả trong mùa bão”, bà Minamoto nói tại buổi họp báo ở cảng Kobe.",
            "Chi phí đóng tàu là 8,6 tỷ yên, trong đó nhà nước hỗ trợ 3,1 tỷ yên thông qua quỹ đổi mới xanh. Setouchi Line ước tính mỗi năm con tàu cắt giảm 11.000 tấn khí CO2 so với một tàu cùng cỡ chạy dầu.",
            "Trở ngại lớn nhất vẫn là giá nhiên liệu. Hydro nhập từ Úc hiện đắt gấp 3,4 lần dầu hàng hải, và cả nước mới có hai cảng có trạm tiếp hydro là Kobe và Kawasaki. Chính phủ dự kiến xây thêm năm trạm trước năm 2030.",
            "Ba công ty, trong đó có nhà sản xuất thép Hanshin Metal, đã ký hợp đồng thuê chỗ trên tàu trong năm năm. Nếu chuyến đầu tiên ngày 9/3 thuận lợi, hãng sẽ đặt đóng thêm hai tàu cùng loại.",
        ),
        byline="Thu Hà (theo Kyodo, Nikkei)",
    ),
    translations={
        "de": Text(
            title="Japan setzt wasserstoffbetriebenes Frachtschiff auf der Strecke Kobe – Yokohama ein",
            lead="Die 116 Meter lange Asahi Maru, die ausschließlich mit flüssigem Wasserstoff fährt, soll ab März nächsten Jahres zweimal pro Woche Fracht zwischen Kobe und Yokohama befördern.",
            paragraphs=(
                "Die Reederei Setouchi Line teilte am Montag mit, die Asahi Maru habe 14 Probefahrten in der Bucht von Osaka ohne Zwischenfall abgeschlossen. Das Schiff hat eine Tragfähigkeit von 5.200 Tonnen und kann 180 Standardcontainer laden.",
                "Nach Angaben von Haruka Minamoto, der technischen Direktorin der Reederei, reichen zwei Flüssigwasserstofftanks mit je 75 Kubikmetern im Heck für 900 km, bevor nachgetankt werden muss. Die Seestrecke Kobe – Yokohama ist rund 650 km lang.",
                "„Wir wollten kein Schiff zum Vorzeigen bauen. Die Asahi Maru muss ihre Fracht pünktlich liefern wie jedes andere Schiff, auch in der Taifunsaison“, sagte Minamoto auf einer Pressekonferenz im Hafen von Kobe.",
                "Der Bau kostete 8,6 Milliarden Yen, davon trug der Staat über einen grünen Innovationsfonds 3,1 Milliarden Yen. Setouchi Line schätzt, dass das Schiff gegenüber einem gleich großen Dieselschiff jährlich 11.000 Tonnen CO2 einspart.",
                "Das größte Hindernis bleibt der Preis des Treibstoffs. Wasserstoff aus Australien ist derzeit 3,4-mal so teuer wie Schiffsdiesel, und im ganzen Land gibt es erst zwei Häfen mit Wasserstofftankstellen, Kobe und Kawasaki. Die Regierung will vor 2030 fünf weitere bauen.",
                "Drei Unternehmen, darunter der Stahlhersteller Hanshin Metal, haben für fünf Jahre Laderaum gemietet. Verläuft die erste Fahrt am 9. März gut, will die Reederei zwei weitere Schiffe dieses Typs bestellen.",
            ),
            byline="Thu Ha (laut Kyodo, Nikkei)",
        ),
        "fr": Text(
            title="Le Japon met en service un cargo à hydrogène entre Kobe et Yokohama",
            lead="Long de 116 mètres et alimenté uniquement à l’hydrogène liquide, l’Asahi Maru transportera du fret deux fois par semaine entre Kobe et Yokohama à partir de mars prochain.",
            paragraphs=(
                "La compagnie maritime Setouchi Line a annoncé lundi que l’Asahi Maru avait achevé 14 essais dans la baie d’Osaka sans aucun incident. Le navire a un port en lourd de 5 200 tonnes et peut charger 180 conteneurs standard.",
                "Selon Haruka Minamoto, directrice technique de la compagnie, deux réservoirs d’hydrogène liquide de 75 mètres cubes placés à la poupe permettent de parcourir 900 km avant de refaire le plein. La route maritime Kobe - Yokohama mesure environ 650 km.",
                "« Nous ne voulions pas construire un navire de démonstration. L’Asahi Maru doit livrer à l’heure comme tous les autres, même pendant la saison des typhons », a déclaré Mme Minamoto lors d’une conférence de presse au port de Kobe.",
                "La construction a coûté 8,6 milliards de yens, dont 3,1 milliards de yens apportés par l’État au moyen d’un fonds d’innovation verte. Setouchi Line estime que le navire évitera chaque année 11 000 tonnes de CO2 par rapport à un cargo au fioul de même taille.",
                "Le principal obstacle reste le prix du carburant. L’hydrogène importé d’Australie coûte aujourd’hui 3,4 fois plus cher que le fioul marin, et seuls deux ports du pays, Kobe et Kawasaki, disposent d’une station d’avitaillement. Le gouvernement prévoit d’en construire cinq autres avant 2030.",
                "Trois entreprises, dont le sidérurgiste Hanshin Metal, ont loué de l’espace à bord pour cinq ans. Si le premier voyage, le 9 mars, se passe bien, la compagnie commandera deux autres navires du même type.",
            ),
            byline="Thu Ha (d’après Kyodo, Nikkei)",
        ),
        "en": Text(
            title="Japan puts hydrogen-powered cargo ship on Kobe - Yokohama route",
            lead="The 116-metre Asahi Maru, which runs entirely on liquid hydrogen, will carry freight twice a week between Kobe and Yokohama from March next year.",
            paragraphs=(
                "Shipping company Setouchi Line said on Monday that the Asahi Maru had completed 14 trial runs in Osaka Bay without incident. The ship has a deadweight of 5,200 tonnes and can carry 180 standard containers.",
                "According to Haruka Minamoto, the company's technical director, two liquid hydrogen tanks of 75 cubic metres at the stern take the ship 900 km before it has to refuel. The sea route from Kobe to Yokohama is about 650 km long.",
                "“We did not want to build a ship for show. The Asahi Maru has to deliver on time like any other vessel, in the typhoon season too,” Minamoto told a press conference at the port of Kobe.",
                "The ship cost 8.6 billion yen to build, of which the state contributed 3.1 billion yen through a green innovation fund. Setouchi Line estimates that it will save 11,000 tonnes of CO2 a year compared with an oil-fuelled ship of the same size.",
                "The biggest obstacle remains the price of fuel. Hydrogen imported from Australia is currently 3.4 times as expensive as marine oil, and only two ports in the country, Kobe and Kawasaki, have hydrogen bunkering stations. The government plans to build five more before 2030.",
                "Three companies, among them the steelmaker Hanshin Metal, have rented space on board for five years. If the first voyage on 9 March goes well, the company will order two more ships of the same type.",
            ),
            byline="Thu Ha (according to Kyodo, Nikkei)",
        ),
        "ja": Text(
            title="日本、神戸―横浜航路に水素燃料の貨物船を投入",
            lead="全長116メートルで液化水素だけで走る「あさひ丸」が、来年3月から神戸と横浜の間を週2便運航し、貨物を運ぶ。",
            paragraphs=(
                "海運会社の瀬戸内ライン(Setouchi Line)は月曜日、あさひ丸(Asahi Maru)が大阪湾での14回の試験航海を事故なく終えたと発表した。載貨重量は5200トンで、標準コンテナ180個を積める。",
                "同社の技術責任者、源はるか(Haruka Minamoto)氏によると、船尾にある容量75立方メートルの液化水素タンク2基により、燃料補給なしで900キロ航行できる。神戸―横浜間の海路は約650キロである。",
                "「見せるための船を造りたかったのではありません。あさひ丸は台風の季節でも、ほかの船と同じように時間どおりに荷物を届けなければなりません」と、源氏は神戸港での記者会見で述べた。",
                "建造費は86億円で、このうち31億円を国がグリーンイノベーション基金を通じて補助した。瀬戸内ラインは、同規模の重油船と比べて年間1万1000トンのCO2を削減できると見込む。",
                "最大の障害は燃料価格だ。オーストラリアから輸入する水素は現在、船舶用重油の3.4倍の価格で、水素の補給設備がある港は全国で神戸と川崎の2か所しかない。政府は2030年までにさらに5か所を建設する計画だ。",
                "鉄鋼メーカーの阪神メタル(Hanshin Metal)など3社が、5年間の船腹契約を結んだ。3月9日の初航海が順調にいけば、同社は同型船をさらに2隻発注する。",
            ),
            byline="トゥ・ハー(Kyodo、Nikkeiによる)",
        ),
    },
)

DURIAN = NewsStory(
    slug="xuat-khau-sau-rieng-dong-lanh-tang-gap-doi-trong-chin-thang",
    number=351188,
    section="kinh-te/thi-truong",
    hours=9,
    credits=(),
    vi=Text(
        title="Xuất khẩu sầu riêng đông lạnh tăng gấp đôi trong chín tháng",
        lead="Chín tháng đầu năm, các doanh nghiệp đã bán ra nước ngoài 61.400 tấn sầu riêng đông lạnh, thu về 412 triệu USD, gấp đôi cùng kỳ năm ngoái.",
        paragraphs=(
            "(CLO) Số liệu do Hiệp hội Trái cây Tây Nguyên công bố sáng 22/11 tại Buôn Ma Thuột cho thấy Trung Quốc mua 78% lượng hàng, tiếp theo là Hàn Quốc với 9% và Úc với 6%. Giá bình quân đạt 6,71 USD một kg.",
            "Ông Y Thanh Niê, chủ tịch hiệp hội, cho biết hàng đông lạnh giúp nông dân không phải bán tháo vào tháng 8, khi 60% sản lượng của Đắk Lắk chín cùng lúc. “Trước đây xe nằm ở cửa khẩu ba ngày là mất trắng. Bây giờ trái được tách múi và cấp đông trong vòng 12 giờ”, ông nói.",
            "Toàn vùng hiện có 27 nhà máy cấp đông, tăng 11 nhà máy so với năm 2024. Công ty Ea Kar Fruits vừa đưa vào hoạt động dây chuyền công suất 90 tấn một ngày, sử dụng 340 lao động, phần lớn là phụ nữ người Ê Đê.",
            "Tuy vậy, 14 lô hàng đã bị trả về trong quý III vì dư lượng chất vàng O, buộc cơ quan chức năng phải tạm dừng mã số của bốn cơ sở đóng gói. Phòng kiểm nghiệm mới trị giá 55 tỷ đồng sẽ hoạt động từ tháng 1 để rút thời gian trả kết quả từ năm ngày xuống còn 36 giờ.",
            "Hiệp hội dự báo cả năm đạt 560 triệu USD, nhưng cảnh báo diện tích trồng đã vượt quy hoạch 21.000 ha. Nếu Thái Lan được mùa, giá có thể giảm 15% ngay trong vụ tới.",
        ),
        byline="Minh Khôi",
    ),
    translations={
        "en": Text(
            title="Frozen durian exports double in nine months",
            lead="In the first nine months of the year, companies sold 61,400 tonnes of frozen durian abroad for 412 million USD, twice as much as in the same period last year.",
            paragraphs=(
                "Figures published by the Central Highlands Fruit Association in Buon Ma Thuot on the morning of 22 November show that China bought 78% of the volume, followed by South Korea with 9% and Australia with 6%. The average price was 6.71 USD per kg.",
                "Y Thanh Nie, chairman of the association, said frozen goods spare farmers from selling off their crop in August, when 60% of Dak Lak's harvest ripens at once. “A truck that stood at the border for three days used to be a total loss. Now the fruit is taken apart and frozen within 12 hours,” he said.",
                "The region now has 27 freezing plants, 11 more than in 2024. The company Ea Kar Fruits has just opened a line with a capacity of 90 tonnes a day, which employs 340 workers, most of them Ede women.",
                "However, 14 shipments were sent back in the third quarter because of residues of basic yellow 2, and authorities had to suspend the codes of four packing houses. A new laboratory worth 55 billion dong will start work in January and cut the time for results from five days to 36 hours.",
                "The association forecasts 560 million USD for the whole year but warns that the planted area already exceeds the plan by 21,000 ha. If Thailand has a good harvest, prices could fall by 15% as early as next season.",
            ),
            byline="Minh Khoi",
        ),
        "de": Text(
            title="Export von gefrorenen Durians verdoppelt sich in neun Monaten",
            lead="In den ersten neun Monaten des Jahres haben Unternehmen 61.400 Tonnen gefrorene Durians ins Ausland verkauft und 412 Millionen USD eingenommen, doppelt so viel wie im Vorjahreszeitraum.",
            paragraphs=(
                "Zahlen, die der Obstverband des Zentralen Hochlands am Morgen des 22. November in Buon Ma Thuot veröffentlichte, zeigen, dass China 78 % der Menge kaufte, gefolgt von Südkorea mit 9 % und Australien mit 6 %. Der Durchschnittspreis lag bei 6,71 USD je kg.",
                "Y Thanh Nie, der Vorsitzende des Verbands, sagte, Tiefkühlware erspare den Bauern Notverkäufe im August, wenn 60 % der Ernte von Dak Lak gleichzeitig reif würden. „Stand ein Lastwagen früher drei Tage an der Grenze, war alles verloren. Heute wird die Frucht binnen 12 Stunden zerteilt und eingefroren“, sagte er.",
                "In der Region gibt es heute 27 Gefrierbetriebe, 11 mehr als 2024. Die Firma Ea Kar Fruits hat gerade eine Anlage mit einer Kapazität von 90 Tonnen am Tag in Betrieb genommen, die 340 Menschen beschäftigt, die meisten davon Frauen der Ede.",
                "Allerdings wurden im dritten Quartal 14 Lieferungen wegen Rückständen von Basic Yellow zurückgeschickt, weshalb die Behörden die Codes von vier Packbetrieben aussetzen mussten. Ein neues Labor für 55 Milliarden Dong soll ab Januar die Wartezeit auf Ergebnisse von fünf Tagen auf 36 Stunden verkürzen.",
                "Der Verband rechnet für das ganze Jahr mit 560 Millionen USD, warnt aber, dass die Anbaufläche den Plan bereits um 21.000 ha übersteigt. Bei einer guten Ernte in Thailand könnten die Preise schon in der nächsten Saison um 15 % fallen.",
            ),
            byline="Minh Khoi",
        ),
        "fr": Text(
            title="Les exportations de durians surgelés doublent en neuf mois",
            lead="Au cours des neuf premiers mois de l’année, les entreprises ont vendu à l’étranger 61 400 tonnes de durians surgelés pour 412 millions de dollars, le double de la même période de l’an dernier.",
            paragraphs=(
                "Les chiffres publiés le 22 novembre au matin à Buon Ma Thuot par l’Association des fruits des Hauts Plateaux montrent que la Chine a acheté 78 % des volumes, devant la Corée du Sud avec 9 % et l’Australie avec 6 %. Le prix moyen a atteint 6,71 dollars le kg.",
                "Selon Y Thanh Nie, président de l’association, le surgelé évite aux agriculteurs de brader leur récolte en août, lorsque 60 % de la production du Dak Lak mûrit en même temps. « Avant, un camion bloqué trois jours à la frontière était perdu. Aujourd’hui, le fruit est ouvert et congelé en moins de 12 heures », explique-t-il.",
                "La région compte désormais 27 usines de surgélation, 11 de plus qu’en 2024. La société Ea Kar Fruits vient de lancer une chaîne d’une capacité de 90 tonnes par jour, qui emploie 340 personnes, en majorité des femmes édé.",
                "Cependant, 14 lots ont été renvoyés au troisième trimestre en raison de résidus de jaune basique, et les autorités ont dû suspendre les codes de quatre ateliers de conditionnement. Un nouveau laboratoire de 55 milliards de dongs ouvrira en janvier et ramènera le délai des résultats de cinq jours à 36 heures.",
                "L’association prévoit 560 millions de dollars sur l’année, mais avertit que les surfaces plantées dépassent déjà de 21 000 ha celles du plan. Si la récolte thaïlandaise est bonne, les prix pourraient baisser de 15 % dès la prochaine saison.",
            ),
            byline="Minh Khoi",
        ),
        "ja": Text(
            title="冷凍ドリアンの輸出、9か月で2倍に",
            lead="今年1～9月、企業は冷凍ドリアン6万1400トンを海外に販売し、前年同期の2倍にあたる4億1200万ドルを得た。",
            paragraphs=(
                "中部高原果物協会が11月22日朝、ブオンマトート(Buon Ma Thuot)で発表した数字によると、中国が全体の78%を購入し、韓国が9%、オーストラリアが6%で続いた。平均価格は1キロ6.71ドルだった。",
                "協会長のイ・タイン・ニエ(Y Thanh Nie)氏は、冷凍品のおかげで、ダクラク(Dak Lak)省の収穫の60%が一度に熟す8月に農家が投げ売りをしなくて済むと話す。「以前は国境で3日止まればトラック1台分がすべて無駄になりました。今は12時間以内に果肉を分けて凍らせます」",
                "この地域の冷凍工場は現在27か所で、2024年より11か所増えた。Ea Kar Fruits社は1日90トンの生産ラインを稼働させたばかりで、340人を雇用し、その大半はエデ族の女性である。",
                "一方、第3四半期には黄色色素の残留を理由に14件の貨物が返送され、当局は4か所の包装施設のコードを停止した。550億ドンをかけた新しい検査所が1月に稼働し、結果が出るまでの時間を5日から36時間に短縮する。",
                "協会は年間で5億6000万ドルを見込むが、栽培面積がすでに計画を2万1000ヘクタール上回っていると警告する。タイが豊作なら、価格は次のシーズンにも15%下がる可能性がある。",
            ),
            byline="ミン・コイ",
        ),
    },
)

NEWSROOM = NewsStory(
    slug="nha-bao-dong-nam-a-lap-mang-luoi-kiem-chung-anh-do-may-tao-ra",
    number=351230,
    section="bao-chi-truyen-thong/nghe-bao",
    hours=3,
    credits=(),
    vi=Text(
        title="Nhà báo Đông Nam Á lập mạng lưới kiểm chứng ảnh do máy tạo ra",
        lead="Tám tòa soạn từ năm nước vừa ký thỏa thuận tại Đà Nẵng, theo đó mỗi bức ảnh nghi do máy tạo ra sẽ được ít nhất hai tòa soạn khác kiểm tra trong vòng 90 phút.",
        paragraphs=(
            "(NB&CL) Mạng lưới mang tên Lotus Check quy tụ các tòa soạn của Việt Nam, Indonesia, Philippines, Malaysia và Campuchia. Văn phòng điều phối đặt tại Jakarta, ngân sách hai năm đầu là 1,3 triệu USD do ba quỹ báo chí đóng góp.",
            "Tại lễ ký chiều 21/11, nhà báo Nguyễn Bảo Trâm, trưởng nhóm phía Việt Nam, kể rằng trong cơn bão số 12, tòa soạn của chị nhận 230 bức ảnh từ bạn đọc và 41 bức trong số đó là giả. “Có bức giống đến mức người dân ở chính con phố ấy cũng tin”, chị nói.",
            "Theo quy trình chung, ảnh được chia thành bốn mức: thật, sai ngữ cảnh, đã chỉnh sửa và do máy tạo ra. Kết quả kèm theo bằng chứng được công bố bằng tám thứ tiếng và ai cũng có thể dùng lại miễn phí, miễn là ghi nguồn.",
            "Ông Rizal Wibisono, điều phối viên ở Jakarta, nhấn mạnh mạng lưới không giữ dữ liệu cá nhân của người gửi ảnh quá 30 ngày. Phần mềm dùng chung do Đại học Bandung viết và sẽ được mở mã nguồn vào tháng 6.",
            "Trong ba tháng thử nghiệm, mạng lưới đã xử lý 1.870 bức ảnh, thời gian trung bình là 74 phút. Đợt kết nạp tiếp theo dành cho các tòa soạn địa phương, nơi thường chỉ có một phóng viên phụ trách mạng xã hội.",
        ),
        byline="Hoàng Yến",
    ),
    translations={
        "de": Text(
            title="Journalisten in Südostasien gründen Netzwerk zur Prüfung maschinell erzeugter Bilder",
            lead="Acht Redaktionen aus fünf Ländern haben in Da Nang eine Vereinbarung unterzeichnet: Jedes Bild, das von einer Maschine stammen könnte, wird binnen 90 Minuten von mindestens zwei anderen Redaktionen geprüft.",
            paragraphs=(
                "Das Netzwerk namens Lotus Check vereint Redaktionen aus Vietnam, Indonesien, den Philippinen, Malaysia und Kambodscha. Die Koordinierungsstelle sitzt in Jakarta, das Budget der ersten zwei Jahre beträgt 1,3 Millionen USD und kommt von drei Pressestiftungen.",
                "Bei der Unterzeichnung am Nachmittag des 21. November erzählte die Journalistin Nguyen Bao Tram, Leiterin der vietnamesischen Gruppe, dass ihre Redaktion während des Taifuns Nr. 12 von Lesern 230 Bilder erhielt, von denen 41 gefälscht waren. „Manche waren so echt, dass selbst die Bewohner genau dieser Straße daran glaubten“, sagte sie.",
                "Nach dem gemeinsamen Verfahren werden Bilder in vier Stufen eingeteilt: echt, aus dem Zusammenhang gerissen, bearbeitet und maschinell erzeugt. Die Ergebnisse werden samt Belegen in acht Sprachen veröffentlicht und dürfen von allen kostenlos verwendet werden, sofern die Quelle genannt wird.",
                "Rizal Wibisono, der Koordinator in Jakarta, betonte, dass das Netzwerk persönliche Daten der Einsender nicht länger als 30 Tage aufbewahre. Die gemeinsame Software wurde von der Universität Bandung geschrieben und wird im Juni quelloffen.",
                "In drei Probemonaten bearbeitete das Netzwerk 1.870 Bilder in durchschnittlich 74 Minuten. Die nächste Aufnahmerunde richtet sich an Lokalredaktionen, in denen oft nur ein Reporter für soziale Medien zuständig ist.",
            ),
            byline="Hoang Yen",
        ),
        "en": Text(
            title="Southeast Asian journalists set up network to verify machine-made images",
            lead="Eight newsrooms from five countries have signed an agreement in Da Nang under which every image suspected of being made by a machine is checked by at least two other newsrooms within 90 minutes.",
            paragraphs=(
                "The network, called Lotus Check, brings together newsrooms from Vietnam, Indonesia, the Philippines, Malaysia and Cambodia. Its coordinating office is in Jakarta, and the budget for the first two years is 1.3 million USD, given by three press foundations.",
                "At the signing on the afternoon of 21 November, journalist Nguyen Bao Tram, head of the Vietnamese team, said that during typhoon No. 12 her newsroom received 230 images from readers, 41 of which were fake. “Some were so good that even people living in that very street believed them,” she said.",
                "Under the common procedure images are sorted into four levels: real, out of context, edited and machine-made. The results are published with their evidence in eight languages, and anyone may reuse them free of charge as long as the source is named.",
                "Rizal Wibisono, the coordinator in Jakarta, stressed that the network keeps personal data of people who send images for no more than 30 days. The shared software was written by the University of Bandung and will be open source in June.",
                "In three months of testing the network handled 1,870 images in 74 minutes on average. The next round of admission is for local newsrooms, which often have only one reporter in charge of social media.",
            ),
            byline="Hoang Yen",
        ),
        "fr": Text(
            title="Des journalistes d’Asie du Sud-Est créent un réseau de vérification des images générées par des machines",
            lead="Huit rédactions de cinq pays ont signé à Da Nang un accord selon lequel toute image soupçonnée d’avoir été produite par une machine sera vérifiée par au moins deux autres rédactions en 90 minutes.",
            paragraphs=(
                "Baptisé Lotus Check, le réseau rassemble des rédactions du Vietnam, d’Indonésie, des Philippines, de Malaisie et du Cambodge. Le bureau de coordination est à Jakarta et le budget des deux premières années, 1,3 million de dollars, vient de trois fondations de presse.",
                "Lors de la signature, l’après-midi du 21 novembre, la journaliste Nguyen Bao Tram, responsable de l’équipe vietnamienne, a raconté que pendant le typhon n° 12 sa rédaction avait reçu 230 images de lecteurs, dont 41 étaient fausses. « Certaines étaient si bien faites que même les habitants de cette rue y croyaient », a-t-elle dit.",
                "Selon la procédure commune, les images sont classées en quatre niveaux : authentique, hors contexte, retouchée et générée par une machine. Les résultats sont publiés avec leurs preuves en huit langues et chacun peut les reprendre gratuitement à condition de citer la source.",
                "Rizal Wibisono, le coordinateur à Jakarta, a souligné que le réseau ne conserve pas plus de 30 jours les données personnelles des personnes qui envoient des images. Le logiciel commun, écrit par l’université de Bandung, sera libre en juin.",
                "En trois mois d’essai, le réseau a traité 1 870 images en 74 minutes en moyenne. La prochaine vague d’adhésion est destinée aux rédactions locales, où un seul reporter s’occupe souvent des réseaux sociaux.",
            ),
            byline="Hoang Yen",
        ),
        "ja": Text(
            title="東南アジアの記者ら、機械が作った画像を検証するネットワークを設立",
            lead="5か国の8つの編集部がダナンで協定に署名した。機械が作ったと疑われる画像は、90分以内に少なくとも2つのほかの編集部が検証する。",
            paragraphs=(
                "「ロータス・チェック(Lotus Check)」と名づけられたネットワークには、ベトナム、インドネシア、フィリピン、マレーシア、カンボジアの編集部が参加する。調整事務所はジャカルタに置かれ、最初の2年間の予算130万ドルは3つの報道財団が出す。",
                "11月21日午後の署名式で、ベトナム側の責任者グエン・バオ・チャム(Nguyen Bao Tram)記者は、台風12号の際に編集部が読者から230枚の画像を受け取り、そのうち41枚が偽物だったと語った。「まさにその通りに住む人でさえ信じてしまうほどのものもありました」",
                "共通の手順では、画像を本物、文脈の誤り、加工、機械による生成の4段階に分ける。結果は証拠とともに8つの言語で公表され、出典を示せば誰でも無料で使うことができる。",
                "ジャカルタの調整役リザル・ウィビソノ(Rizal Wibisono)氏は、画像を送った人の個人情報を30日以上は保管しないと強調した。共通のソフトウェアはバンドン大学が開発し、6月にオープンソースになる。",
                "3か月の試験期間に、ネットワークは1870枚の画像を平均74分で処理した。次の募集は、ソーシャルメディアの担当記者が1人しかいないことの多い地方の編集部が対象となる。",
            ),
            byline="ホアン・イエン",
        ),
    },
)

BRIDGE = NewsStory(
    slug="dong-thap-thong-xe-cau-rach-muong-som-hai-thang",
    number=351175,
    section="thoi-su/tin-tuc",
    hours=14,
    credits=(),
    vi=Text(
        title="Đồng Tháp thông xe cầu Rạch Mương sớm hai tháng",
        lead="Sáng 23/11, cầu Rạch Mương dài 412 mét nối hai bờ sông Cái Nhỏ được đưa vào sử dụng, chấm dứt cảnh qua phà của hơn 30.000 người dân.",
        paragraphs=(
            "Cầu có tổng vốn 287 tỷ đồng, khởi công tháng 1/2025 và hoàn thành sớm hai tháng so với hợp đồng. Mặt cầu rộng 9 mét, đủ cho hai làn ô tô và lề bộ hành mỗi bên 1 mét.",
            "Bà Lê Thị Út Mười, 67 tuổi, bán bún ở bến phà cũ suốt 31 năm, cho biết bà vừa mừng vừa lo. “Cầu xong thì con cháu đi học không sợ trễ, còn quán của tôi chắc phải dời lên đầu cầu”, bà nói.",
            "Theo Ban quản lý dự án, nhà thầu đã dùng dầm bê tông đúc sẵn chở bằng sà lan từ Vĩnh Long, nhờ đó giảm được 40% thời gian thi công trên sông. Trong suốt công trình không xảy ra tai nạn lao động nào.",
            "Phà Rạch Mương hoạt động từ năm 1978 sẽ ngừng chạy từ ngày 1/12. Tám công nhân của bến được bố trí việc làm mới ở đội bảo trì đường bộ của huyện.",
            "Tỉnh cho biết trong năm 2027 sẽ xây tiếp hai cầu trên tuyến này, tổng vốn dự kiến 510 tỷ đồng, để xe tải 15 tấn chở cá tra ra quốc lộ không phải đi vòng 26 km.",
        ),
        byline="Trường Giang",
    ),
)

CERTIFICATES = NewsStory(
    slug="triet-pha-duong-day-lam-gia-giay-kham-suc-khoe-lien-tinh",
    number=351166,
    section="phap-luat/dieu-tra",
    hours=20,
    credits=(),
    vi=Text(
        title="Triệt phá đường dây làm giả giấy khám sức khỏe liên tỉnh",
        lead="Công an tỉnh Quảng Trị vừa bắt giữ sáu người trong đường dây bán hơn 4.700 giấy khám sức khỏe giả cho người đi thi bằng lái và xin việc.",
        paragraphs=(
            "Ngày 20/11, cơ quan điều tra khám xét đồng thời bốn địa điểm ở Đông Hà, Huế và Đồng Hới, thu giữ 11 con dấu giả của chín bệnh viện, ba máy in màu và 620 tờ giấy đã đóng dấu sẵn.",
            "Theo điều tra ban đầu, nhóm này rao bán trên mạng xã hội với giá từ 180.000 đến 350.000 đồng một giấy, giao tận nhà trong ngày. Người cầm đầu là Phan Văn Lực, 38 tuổi, từng làm nhân viên in ấn.",
            "Đường dây bị phát hiện khi một trung tâm sát hạch lái xe nhận thấy 23 hồ sơ của 23 người khác nhau ghi cùng một chỉ số huyết áp và cùng một chữ ký bác sĩ.",
            "Bệnh viện bị mạo danh nhiều nhất cho biết vị bác sĩ có tên trên giấy đã nghỉ hưu từ năm 2019. Sở Y tế đề nghị các đơn vị tuyển dụng quét mã tra cứu trên mẫu giấy mới, bắt buộc từ ngày 1/1.",
            "Cơ quan công an kêu gọi người đã mua giấy giả tự giác trình báo. Hành vi sử dụng giấy tờ giả của cơ quan, tổ chức có thể bị phạt tù đến bảy năm.",
        ),
        byline="Lâm Vũ",
    ),
)

MARATHON = NewsStory(
    slug="co-giao-mien-nui-ve-nhat-giai-chay-42-km-vong-quanh-ho-ba-be",
    number=351150,
    section="van-hoa/the-thao",
    hours=27,
    credits=(),
    vi=Text(
        title="Cô giáo miền núi về nhất giải chạy 42 km vòng quanh hồ Ba Bể",
        lead="Hoàng Thị Sen, giáo viên tiểu học ở Nà Phặc, thắng giải marathon hồ Ba Bể với thành tích 3 giờ 2 phút 11 giây dù chỉ mới tập chạy đường dài được 18 tháng.",
        paragraphs=(
            "Giải năm nay thu hút 2.860 người, đông nhất trong sáu lần tổ chức, trong đó có 140 vận động viên từ 17 nước. Nhiệt độ lúc xuất phát lúc 5 giờ sáng chỉ 11 độ C và sương mù dày đến tận km thứ 8.",
            "Chị Sen bám theo nhóm đầu đến km 30, trước khi tăng tốc ở con dốc dài 1,2 km của bản Pác Ngòi. Người về nhì, vận động viên chuyên nghiệp Đỗ Minh Anh, kém 1 phút 47 giây.",
            "“Mỗi ngày tôi đi bộ 9 km đường dốc đến trường nên chân quen rồi. Học trò bảo cô mà thua thì phải mua kẹo cho cả lớp”, chị Sen cười nói sau khi nhận giải thưởng 30 triệu đồng.",
            "Ở nội dung nam, Lò Văn Thiện về nhất sau 2 giờ 31 phút 50 giây, phá kỷ lục của giải hơn hai phút. Ban tổ chức phải đưa 12 người đi cấp cứu vì hạ thân nhiệt, tất cả đã ổn định trong buổi chiều.",
            "Tiền bán số đeo của giải, khoảng 420 triệu đồng, được dùng để sửa ba điểm trường trong vùng lõi vườn quốc gia. Giải lần thứ bảy dự kiến diễn ra ngày 21/11 năm sau.",
        ),
        byline="Quang Hưng",
    ),
)

BUS = NewsStory(
    slug="ha-noi-thu-xe-buyt-dien-tu-lai-tren-tuyen-dai-4-km",
    number=351142,
    section="xe",
    hours=31,
    credits=("VnMotor",),
    vi=Text(
        title="Hà Nội thử xe buýt điện tự lái trên tuyến dài 4 km",
        lead="Từ ngày 1/12, ba xe buýt điện tự lái 12 chỗ sẽ chở khách miễn phí trên tuyến khép kín dài 4 km trong khu đô thị phía tây thành phố.",
        paragraphs=(
            "Xe do một nhóm kỹ sư trong nước phát triển, dùng sáu cảm biến laser và tám camera, chạy với tốc độ tối đa 25 km/h. Trên mỗi xe luôn có một nhân viên giám sát có thể dừng xe bằng một nút bấm.",
            "Tuyến gồm chín điểm dừng, cứ 10 phút có một chuyến từ 6 giờ đến 21 giờ. Pin dung lượng 62 kWh cho phép xe chạy 130 km, đủ cho một ngày làm việc, và sạc đầy trong 50 phút.",
            "Kỹ sư trưởng Vũ Đình Khải cho biết khó nhất là xe máy đi ngược chiều và người bán hàng rong. Trong 7.400 km chạy thử, nhân viên giám sát đã phải can thiệp 19 lần, lần gần nhất là ngày 2/11.",
            "Giai đoạn thử nghiệm kéo dài sáu tháng với chi phí 38 tỷ đồng, do doanh nghiệp tự bỏ ra. Thành phố sẽ quyết định có mở rộng hay không dựa trên số lần can thiệp và ý kiến của hành khách.",
        ),
        byline="Đăng Quân (theo VnMotor)",
    ),
)

STORIES = (NEWSROOM, HYDROGEN, DURIAN, BRIDGE, CERTIFICATES, MARATHON, BUS)
"""Newest first."""

FOREIGN = NewsStory(
    slug="lang-gom-ven-bien-lam-chuong-gio-tu-vo-so-diep",
    number=0,
    section="van-hoa",
    hours=6,
    credits=(),
    vi=Text(
        title="Làng gốm ven biển làm chuông gió từ vỏ sò điệp",
        lead="Một hợp tác xã 24 người ở Ninh Thuận biến vỏ sò điệp bỏ đi thành chuông gió bán sang bảy nước.",
        paragraphs=(
            "Mỗi tháng hợp tác xã gom 3,5 tấn vỏ từ các nhà hàng dọc bờ biển, rửa bằng nước muối loãng rồi phơi trong chín ngày để vỏ trong như giấy bóng.",
            "Chị Trượng Thị Mai, người nghĩ ra mẫu chuông đầu tiên, cho biết một bộ gồm 36 mảnh cần bốn giờ làm thủ công và được bán với giá 270.000 đồng.",
            "Năm ngoái, hợp tác xã xuất khẩu 8.900 bộ, nhiều nhất là sang Đan Mạch. Phần vỏ vụn được nghiền làm men gốm, nên gần như không còn gì bị bỏ đi.",
        ),
        byline="An Nhiên",
    ),
)
"""A story of another paper, which the aggregator also carries: no copy of anything above."""
