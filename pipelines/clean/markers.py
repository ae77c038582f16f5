"""The marker tables: what the cleaner knows by name. Data only; the rules that use it are in `rules.py`.

One line per language and kind; words are separated by `|` and compared without case, accents kept. A new word is one word here and, if
its form is new, one row in `tests/clean/test_markers.py` (every word of these tables is tested in the forms of its kind as it is).
The language codes are for readers only: a translated page mixes languages, so every word counts on every page.

Change `VERSION` with any change of a table or rule: it is stored with every article.
"""

VERSION = "2"

SOURCE = {
    "ar": "المصدر|مصدر|رابط المصدر",
    "cs": "Zdroj",
    "da": "Kilde",
    "de": "Quelle|Quellen|Quellenlink|Quelllink|Link zur Quelle|Originalquelle",
    "el": "Πηγή|Σύνδεσμος πηγής",
    "en": "Source|Sources|Source link|Link source|Original source",
    "es": "Fuente|Fuentes|Enlace de origen|Enlace fuente",
    "fa": "منبع",
    "fi": "Lähde",
    "fr": "Source|Sources|Lien source|Lien de la source",
    "he": "מקור|קישור למקור",
    "hi": "स्रोत|स्रोत लिंक",
    "hu": "Forrás",
    "id": "Sumber|Tautan sumber|Sumber artikel",
    "it": "Fonte|Fonti|Link alla fonte",
    "ja": "ソース|出典|情報源|ソースリンク|出典リンク|引用元",
    "km": "ប្រភព|ប្រភពព័ត៌មាន|តំណភ្ជាប់ប្រភព",
    "ko": "원천|출처|소스|소스 링크|출처 링크",
    "lo": "ແຫຼ່ງທີ່ມາ|ທີ່ມາ|ແຫລ່ງທີ່ມາ|ແຫຼ່ງຂໍ້ມູນ",
    "ms": "Sumber",
    "my": "ရင်းမြစ်",
    "nl": "Bron|Bronnen",
    "no": "Kilde",
    "pl": "Źródło|Źródła",
    "pt": "Fonte|Fontes|Link da fonte",
    "ro": "Sursa|Sursă",
    "ru": "Источник|Источники|Ссылка на источник",
    "sv": "Källa",
    "th": "แหล่งที่มา|ที่มา|ลิงค์ที่มา|แหล่งข่าว",
    "tl": "Pinagmulan",
    "tr": "Kaynak",
    "uk": "Джерело",
    "vi": "Nguồn|Nguồn tin|Link nguồn|Nguồn bài viết|Bài gốc|Link bài gốc",
    "zh": "来源|來源|资料来源|資料來源|消息来源|源链接|来源链接|源",
}
"""Words of a line that names the article's source: `Quelle: https://…`, `Quelle`, `HA KIENQuelle`."""

COMMENTS = {
    "ar": "تعليق|تعليقات|التعليقات",
    "cs": "Komentáře|Komentář",
    "de": "Kommentar|Kommentare",
    "el": "Σχόλιο|Σχόλια",
    "en": "Comment|Comments",
    "es": "Comentario|Comentarios",
    "fr": "Comment|Commentaire|Commentaires",
    "he": "תגובה|תגובות",
    "hi": "टिप्पणी|टिप्पणियाँ",
    "id": "Komentar",
    "it": "Commento|Commenti",
    "ja": "コメント",
    "km": "មតិយោបល់|យោបល់|មតិ",
    "ko": "댓글|의견",
    "lo": "ຄຳເຫັນ|ຄໍາເຫັນ|ຄວາມຄິດເຫັນ",
    "nl": "Reactie|Reacties",
    "pl": "Komentarz|Komentarze",
    "pt": "Comentário|Comentários",
    "ru": "Комментарий|Комментарии|Комментариев",
    "th": "ความคิดเห็น|แสดงความคิดเห็น",
    "tr": "Yorum|Yorumlar",
    "uk": "Коментар|Коментарі",
    "vi": "Bình luận|Ý kiến",
    "zh": "评论|評論|留言",
}
"""Words of a comment counter: `Kommentar (0)`."""

ADS = {
    "ar": "إعلان|الإعلان|اعلان",
    "de": "Anzeige|Werbung",
    "el": "Διαφήμιση",
    "en": "ad|ads|advertisement|advert",
    "es": "anuncio|publicidad",
    "fr": "annonce|publicité|pub",
    "he": "מודעה|פרסומת",
    "hi": "विज्ञापन",
    "id": "iklan",
    "it": "annuncio|pubblicità",
    "ja": "広告",
    "km": "ការផ្សាយពាណិជ្ជកម្ម|ពាណិជ្ជកម្ម",
    "ko": "광고",
    "lo": "ໂຄສະນາ",
    "pl": "reklama",
    "pt": "anúncio|publicidade",
    "ru": "объявление|реклама",
    "th": "โฆษณา",
    "vi": "quảng cáo",
    "zh": "广告|廣告",
}
"""Bracket words of the placeholder `[ad_2]` and its translations. At head and tail any other word in this form counts too."""

PHOTO = {
    "ar": "الصورة|صورة|تصوير|الصور",
    "cs": "Foto",
    "de": "Foto|Fotos|Bild|Bilder|Bildquelle|Fotoquelle|Bildnachweis",
    "el": "Φωτογραφία|Φωτό|Φωτο",
    "en": "Photo|Photos|Image|Images|Picture|Photo credit|Image credit|Photo by",
    "es": "Foto|Fotos|Imagen|Fotografía",
    "fr": "Photo|Photos|Crédit photo|Photo d'illustration",
    "he": "צילום|תמונה|תצלום",
    "hi": "फोटो|फ़ोटो|तस्वीर|चित्र",
    "id": "Foto|Gambar",
    "it": "Foto|Immagine",
    "ja": "写真|画像|写真提供",
    "km": "រូបថត|រូបភាព|រូប",
    "ko": "사진|사진 제공|이미지",
    "lo": "ພາບ|ຮູບ|ຮູບພາບ",
    "nl": "Foto|Beeld",
    "pl": "Fot|Foto|Zdjęcie",
    "pt": "Foto|Fotos|Imagem",
    "ru": "Фото|Фотография",
    "th": "ภาพ|ภาพถ่าย|ภาพประกอบ|รูปภาพ",
    "tr": "Fotoğraf",
    "vi": "Ảnh|Ảnh minh họa|Ảnh minh hoạ|Ảnh chụp màn hình|Hình|Hình ảnh|Nguồn ảnh|Ảnh tư liệu|Đồ họa",
    "zh": "图|图片|图片来源|照片|摄影|圖|攝影",
}
"""Words of a photo credit: `Foto: Pool`. Never a source of the article."""

RELATED = {
    "ar": "اقرأ أيضا|اقرأ أيضًا|إقرأ أيضا|اقرأ المزيد|أخبار ذات صلة|شاهد أيضا",
    "de": "Lesen Sie auch|Lesen Sie mehr|Mehr lesen|Mehr zum Thema|Lesen Sie hier|Auch interessant|Siehe auch|Lesen Sie dazu auch|Zum Thema|Weiterlesen",
    "el": "Διαβάστε επίσης|Διαβάστε ακόμα|Διαβάστε περισσότερα|Δείτε επίσης|Δείτε ακόμα",
    "en": "Read more|Read also|Also read|See also|See more|Related|Related articles|Related news|Related stories|More on this story|READ NEXT|You may also like|Further reading",
    "es": "Lea también|Lee también|Te puede interesar|Le puede interesar|Más información|Noticias relacionadas|Leer más|Ver más",
    "fr": "Lire aussi|À lire aussi|A lire aussi|Lire plus|À lire|Voir aussi|Sur le même sujet|Articles liés|Lire également|A lire également",
    "he": "קראו גם|קראו עוד|ראו גם|כתבות קשורות",
    "hi": "यह भी पढ़ें|ये भी पढ़ें|और पढ़ें|संबंधित समाचार",
    "id": "Baca juga|Baca selengkapnya|Lihat juga|Berita terkait|Lihat selengkapnya",
    "it": "Leggi anche|Leggi di più|Vedi anche|Articoli correlati",
    "ja": "関連記事|関連ニュース|あわせて読みたい|合わせて読みたい|続きを読む|もっと見る|もっと読む|こちらもおすすめ",
    "km": "អានបន្ថែម|មើលបន្ថែម|ព័ត៌មានពាក់ព័ន្ធ",
    "ko": "관련기사|관련 기사|더 보기|함께 보기|관련 뉴스|더 읽기",
    "lo": "ອ່ານເພີ່ມເຕີມ|ເບິ່ງເພີ່ມເຕີມ",
    "nl": "Lees ook|Lees meer|Lees verder|Meer lezen",
    "pl": "Czytaj także|Czytaj też|Czytaj więcej|Zobacz także|Zobacz też|Przeczytaj także|Przeczytaj również|Czytaj również",
    "pt": "Leia também|Leia mais|Veja também|Saiba mais|Notícias relacionadas|Ver mais",
    "ru": "Читайте также|Читать также|Читать далее|Подробнее|Смотрите также|Материалы по теме|По теме|Еще по теме",
    "th": "อ่านเพิ่มเติม|ข่าวที่เกี่ยวข้อง|อ่านต่อ|ดูเพิ่มเติม",
    "tr": "Ayrıca okuyun|Devamını oku|İlgili haberler",
    "uk": "Читайте також|Дивіться також|Читати також",
    "vi": "Xem thêm|Đọc thêm|Xem tiếp|Đọc tiếp|Tin liên quan|Bài liên quan|Tin bài liên quan|Các tin khác|Các bài khác|Tin khác|Bài viết liên quan|Bài đọc tiếp|Tin cùng chuyên mục|Có thể bạn quan tâm|Mời bạn đọc thêm|Mời độc giả đọc thêm|Mời xem thêm|Mời bạn xem thêm|Tin tức liên quan|Nên xem|Có thể bạn chưa biết",
    "zh": "相关阅读|延伸阅读|相关新闻|相關新聞|延伸閱讀|查看更多|阅读更多|相关报道|推荐阅读",
}
"""A link to another article: the word alone, or `word: headline`."""

SECTIONS = {
    "de": "Meistgelesen|Neueste Nachrichten|Top-Themen",
    "en": "Most read|Most popular|Trending|Latest news|Top stories|Recommended|Recommended for you",
    "es": "Lo más leído|Más leídas|Últimas noticias",
    "fr": "Les plus lus|À la une|Les plus populaires",
    "id": "Terpopuler|Berita terkini",
    "ja": "ランキング|アクセスランキング|最新ニュース",
    "pt": "Mais lidas|Últimas notícias",
    "ru": "Популярное|Самое читаемое|Последние новости",
    "vi": "Tin nổi bật|Nổi bật|Tin mới|Tin mới nhất|Tin nóng|Đọc nhiều|Đọc nhiều nhất|Tin đọc nhiều|Mới nhất|Tin tài trợ|Bài đọc nhiều",
    "zh": "热门文章|热门新闻|更多|最新消息",
}
"""Headings of boxes beside the text, alone on their line."""

SHARE = {
    "ar": "مشاركة|شارك",
    "de": "Teilen|Artikel teilen|Drucken|Merken|Nach oben|Zum Seitenanfang|Link kopieren|Als E-Mail versenden",
    "el": "Κοινοποίηση|Μοιραστείτε",
    "en": "Share|Share this|Share this article|Share on Facebook|Share on Twitter|Share via email|Copy link|Print|Print this article|Back to top|Leave a comment|Post a comment|Send comment|Sign up for our newsletter|Subscribe to our newsletter|Tweet",
    "es": "Compartir|Comparte|Copiar enlace|Imprimir",
    "fr": "Partager|Partager l'article|Copier le lien|Imprimer|Retour en haut",
    "he": "שתף|שתפו",
    "hi": "शेयर करें|साझा करें",
    "id": "Bagikan|Salin tautan|Cetak",
    "it": "Condividi|Stampa",
    "ja": "シェア|シェアする|共有|ツイート|印刷|リンクをコピー",
    "km": "ចែករំលែក",
    "ko": "공유|공유하기|인쇄|링크 복사",
    "lo": "ແບ່ງປັນ",
    "nl": "Delen|Deel dit artikel",
    "pl": "Udostępnij|Drukuj|Podziel się",
    "pt": "Compartilhar|Compartilhe|Copiar link|Imprimir|Partilhar",
    "ru": "Поделиться|Поделиться в соцсетях|Скопировать ссылку|Распечатать|Наверх",
    "th": "แชร์|แบ่งปัน|คัดลอกลิงก์",
    "tr": "Paylaş",
    "vi": "Chia sẻ|Chia sẻ bài viết|Chia sẻ Facebook|Chia sẻ Zalo|Gửi bình luận|Viết bình luận|Bình luận|Quay lên trên|Lên đầu trang|Trở lên trên|Về đầu trang|In bài viết|In bài|Lưu bài viết|Lưu bài|Sao chép liên kết|Copy link|Ý kiến bạn đọc|Ý kiến của bạn|Theo dõi chúng tôi|Gửi email|Gửi cho bạn bè",
    "zh": "分享|分享到|打印|复制链接|返回顶部",
}
"""A button's word, alone on its line, or in a row of them: `Teilen | Facebook | Twitter`."""

NETWORKS = "Facebook|Twitter|X|Zalo|WhatsApp|Telegram|LinkedIn|Pinterest|Instagram|YouTube|TikTok|Email|E-Mail|Mail|Messenger|Reddit|Threads|Line|Viber|Flipboard|Pocket|Tumblr|WeChat|Weibo|VK|XING|Mailen|Twittern"
"""Places that a row of share buttons names."""

TAGS = {
    "de": "Schlagwörter|Schlagworte|Themen",
    "en": "Tags|Tag|Keywords|Topics|Filed under",
    "es": "Etiquetas|Palabras clave",
    "fr": "Mots-clés|Tags",
    "id": "Kata kunci",
    "ja": "タグ|キーワード",
    "pt": "Palavras-chave",
    "ru": "Теги|Метки|Ключевые слова",
    "vi": "Từ khóa|Từ khoá|Chủ đề|Thẻ|Tags",
    "zh": "标签|关键词|標籤",
}
"""A list of key words: the word alone, or `word: a, b`."""

PLAYER = {
    "de": "Artikel anhören|Vorlesen|Ihr Browser unterstützt das Audio-Element nicht.",
    "en": "Listen to this article|Listen to article|Play video|Play audio|Your browser does not support the audio element.|Your browser does not support the video tag.|Your browser does not support HTML5 video.",
    "es": "Escuchar artículo|Escuchar",
    "fr": "Écouter l'article|Écouter cet article",
    "ja": "記事を聞く|この記事を聞く",
    "vi": "Nam miền Nam|Nữ miền Nam|Nam miền Bắc|Nữ miền Bắc|Nữ miền Trung|Nam miền Trung|Nghe đọc bài|Nghe bài viết|Nghe bài|Nghe nội dung bài viết|Giọng Nam|Giọng Nữ|Giọng nam|Giọng nữ|Tốc độ đọc|Tự động phát|Nghe tin|Nghe podcast|Trình duyệt của bạn không hỗ trợ thẻ audio.",
}
"""A text-to-speech or video player's labels, alone on their line."""

CREDIT_BEFORE = {
    "ar": "وفقا ل|وفقًا ل|بحسب|حسب|نقلا عن|نقلاً عن",
    "cs": "podle",
    "da": "ifølge",
    "de": "laut|gemäß|nach Angaben von|mit Material von|nach Informationen von",
    "el": "σύμφωνα με το|σύμφωνα με την|σύμφωνα με τους|σύμφωνα με",
    "en": "according to|via|as reported by",
    "es": "según|con información de|de acuerdo con",
    "fi": "lähteenä",
    "fr": "selon|d'après|d’après",
    "he": "על פי|לפי",
    "id": "menurut|berdasarkan|mengutip",
    "it": "secondo",
    "km": "យោងតាម|បើតាម|តាម",
    "lo": "ອີງຕາມ|ຕາມ",
    "nl": "volgens",
    "pl": "według|wg",
    "pt": "segundo|de acordo com|conforme|com informações de",
    "ru": "по данным|согласно|по материалам|по сообщению|по информации",
    "sv": "enligt",
    "th": "ตามรายงานของ|ตามที่|อ้างอิงจาก|ตาม",
    "uk": "за даними|за матеріалами",
    "vi": "theo|theo báo|theo tin từ|lược dịch theo|tổng hợp theo|biên dịch theo|dẫn theo|lược theo|tổng hợp từ|dịch từ",
    "zh": "据|根据|根據|來自|据报道|根据报道",
}
"""Words that name whom an article is taken from, before the name: `Ngoc Anh (laut Japan Times, Reuters)`, `Theo SGTT`."""

CREDIT_BRACKETED = {
    "de": "nach|mit|Quelle",
    "en": "from|with|based on|source",
    "fr": "avec",
    "nl": "naar|bron",
    "pl": "za",
    "th": "จาก",
    "vi": "nguồn|trích",
    "zh": "来源",
}
"""The same, but too common in prose: they count behind a name in brackets only, before a known agency or beside another marker."""

CREDIT_AFTER = {
    "hi": "के अनुसार|के मुताबिक",
    "ja": "によると|より|による|調べ|によれば|参照",
    "ko": "에 따르면|에 의하면|에 따라|참조|보도",
    "tr": "göre",
    "zh": "报道|報導|报导",
}
"""The same, after the name: `(ジャパンタイムズ、ロイターによると)`."""

COMPILED = {
    "de": "Zusammenfassung|Zusammengefasst|Synthese|zusammengestellt|Zusammenstellung",
    "en": "synthesis|synthesized|compiled|summary|translated|translation|t/h",
    "es": "Síntesis|Resumen|recopilación",
    "fr": "synthèse|résumé|compilation",
    "id": "sintesis|ringkasan",
    "ja": "総合|まとめ|合成|要約|翻訳",
    "ko": "종합|합성|요약",
    "pt": "Síntese|resumo|compilação",
    "ru": "Синтез|сводка|обобщение|обзор",
    "vi": "Tổng hợp|TH|T/H|T.H|tổng hợp|lược dịch|dịch|biên dịch|lược ghi|ghi|thực hiện|st|sưu tầm",
    "zh": "综合|合成|综述|編譯|编译",
}
"""What a byline says in brackets when several sources were merged or translated: `TB (Zusammenfassung)`."""

BYLINE = {
    "de": "Von|Text|Autor|Autorin",
    "en": "By|Written by|Author|Reported by",
    "es": "Por|Autor",
    "fr": "Par|Auteur",
    "id": "Oleh|Penulis",
    "it": "Di|Autore",
    "ja": "文|取材・文|執筆|記者",
    "ko": "글|기자",
    "nl": "Door|Tekst",
    "pl": "Autor|Tekst",
    "pt": "Por|Autor",
    "ru": "Автор|Текст",
    "vi": "Tác giả|Thực hiện|Bài|Tin|Bài, ảnh|Bài và ảnh|Tin, ảnh|Tin và ảnh|Tin- ảnh|Tin ảnh|Bài ảnh|Bài- ảnh|Bài - ảnh|Tin - ảnh|Nội dung|Ghi chép|Người viết",
    "zh": "记者|作者|编辑|責任編輯|责任编辑",
}
"""Words before an author's name on a line of its own: `By Jane Doe`, `Tin, ảnh: Trường Hoàng`."""

AGENCIES = (
    "AAP|ABC News|AFP|AFP/dpa|AFP/TTXVN|Agência Brasil|Agencia EFE|Al Jazeera|Anadolu|ANI|ANSA|Antara|AP|APA|ATS|BBC|Bernama|Bloomberg|BNO|Business Insider|"
    "Catholic News Agency|CCTV|CNA|CNBC|CNN|ČTK|DPA|dpa-AFX|dts|EFE|epd|Europa Press|Fox News|Global Times|IANS|Interfax|Itar-Tass|JIJI|Jiji Press|KCNA|"
    "Keystone-SDA|KNA|Kyodo|Lusa|NHK|Nikkei|NPR|PAP|PTI|Press Association|Reuters|RFI|RIA|RIA Novosti|RIA Nowosti|RT|SCMP|SDA|SID|Sputnik|TASS|TT|TTXVN|"
    "The Guardian|UPI|Vietnam+|VietnamPlus|VNA|VNS|VOA|Xinhua|Yonhap|Tân Hoa Xã|Thông tấn xã Việt Nam|ТАСС|РИА Новости|Интерфакс|ロイター|時事通信|"
    "共同通信|共同|時事|新华社|新華社|中新社|路透社|法新社|美联社|로이터|연합뉴스|رويترز|أ ف ب|د ب أ|رويترز|روיטרס|רויטרס"
)
"""News agencies and other names that stand alone in brackets at the end of a story: `(TTXVN)`, `./.(Vietnam+)`."""

DATELINES = (
    "ANTD.VN|ANTĐ|ANTT|ATGT|Baonghean.vn|BGĐT|BNEWS|BVPL|CAND|CATP|Chinhphu.vn|CL|CLO|CNN|Cadn.com.vn|CTG|Dân sinh|Dân trí|Dân Trí|Dân Việt|DNSG|ĐSPL|ĐS&PL|ĐTCK|ĐTCKO|ĐTTCO|ĐTO|"
    "GD&TĐ|GDVN|GLO|HNM|HNMO|HQ Online|ICTnews|Infonet|iHay|KTĐT|KTSG|KTSG Online|LĐ|LĐO|LĐTĐ|MTG|NĐ|NB&CL|NB & CL|ND|NDH|NDO|NDĐT|NLĐ|NLĐO|NLD|NLDO|NNVN|NTNN|PetroTimes|PL&XH|PLO|PLVN|"
    "PLXH|PNO|PNTĐ|PNVN|QĐND|QĐND Online|QNO|SGGP|SGGPO|SGTT|SGTT.VN|SHTT|SKĐS|SK&ĐS|TBKTSG|TBKTSG Online|TBTCO|TBTCVN|TCDN|TCTC|TG&VN|TGĐA|Thanh Niên Online|TH&PL|TN&MT|TNMT|"
    "TNO|TNTS|Tổ Quốc|TP|TPO|TQ|TT|TTO|TTVH|TTVH Online|TTXVN|Tieudung.vn|VEN|VH|VietNamNet|VietTimes|Vietnam+|VietnamPlus|VietQ.vn|VLO|VnMedia|VnEconomy|VOH|VOV|VOV.VN|VOV5|VTC|"
    "VTC News|VTC14|VTV|VTV.vn|VTV Online|VTV News|Xây dựng|Xã hội|XHTT|Zing|Zing.vn"
)
"""Paper codes that open a story, in brackets or before a dash: `(CLO) `, `TTO - `. Other codes are known by their form."""

FOLLOW = (
    r"(?:Kính )?mời (?:(?:quý|các|bạn|độc|khán|thính|giả|vị|đọc|xem|và) )*(?:theo dõi|đón xem|đón đọc|cùng theo dõi|xem video|xem thêm video)\b.{0,160}",
    r"(?:Hãy |Quý độc giả |Bạn đọc |Độc giả )?(?:theo dõi|tham gia|truy cập|quan tâm|nhấn theo dõi) .{0,60}(?:Google News|Fanpage|Zalo|Telegram|kênh YouTube|trên Facebook|trên YouTube|trên TikTok)\b.{0,40}",
    r"(?:Follow|Like|Find|Join) (?:us|\S+(?: \S+){0,3}) on (?:Google News|Facebook|Twitter|X|Instagram|YouTube|Telegram|WhatsApp|TikTok|LinkedIn)\b.{0,60}",
    r"(?:Sign up|Subscribe|Register) (?:for|to) .{0,40}newsletters?\b.{0,60}",
    r".{0,30}\bNewsletter (?:abonnieren|bestellen|anmelden)\b.{0,30}",
    r"Đăng ký (?:để )?nhận (?:bản tin|tin)\b.{0,40}",
    r"(?:Inscrivez-vous|Abonnez-vous) à .{0,40}newsletters?\b.{0,40}",
    r"Suscríbe(?:te|ase) a .{0,40}(?:boletín|newsletter)\b.{0,40}",
    r"Folgen Sie uns (?:auf|bei) .{1,60}",
    r"Suivez(?:-nous)? .{0,40}sur (?:Google News|Facebook|Twitter|Instagram|YouTube|WhatsApp)\b.{0,40}",
    r"S[íi]gu?[ae]nos en .{1,60}",
    r"Siga(?:-nos)? .{0,40}no (?:Google|Facebook|Twitter|Instagram|YouTube|WhatsApp|Telegram)\b.{0,40}",
    r"Подпис(?:ывайтесь|аться) на .{0,60}(?:канал|Telegram|Дзен|Google|новости)\b.{0,40}",
    r"Ikuti .{0,40}di (?:Google News|Facebook|Instagram|Twitter|WhatsApp)\b.{0,40}",
)
"""Whole lines that ask the reader to follow; regular expressions without case, each bounded in length."""
FOLLOW_HINTS = (
    "mời|theo dõi|tham gia|truy cập|quan tâm| on |newsletter|đăng ký|boletín|folgen|suive|síg|siga|подпис|ikuti"
)
"""One of these stands in every such line; they are looked for first because that is fast."""

RIGHTS = (
    r"<?(?:Copyright ?(?:[©ⓒ@:(]|\d{4}|by\b)|©|\(c\) ?\d{4}|Bản quyền (?:thuộc|©)).{0,100}",
    r".{0,60}All rights reserved\b.{0,20}",
    r".{0,60}Alle Rechte vorbehalten\b.{0,20}",
    r".{0,60}Tous droits réservés\b.{0,20}",
    r".{0,60}Todos los derechos reservados\b.{0,20}",
    r".{0,60}Todos os direitos reservados\b.{0,20}",
    r".{0,60}Все права защищены\b.{0,20}",
    r"® .{0,60}giữ bản quyền.{0,60}",
    r".{0,40}(?:無断転載|禁无断转载|무단 ?전재).{0,40}",
)
"""Whole lines that reserve rights; regular expressions without case, each bounded in length."""
RIGHTS_HINTS = "copyright|©|(c)|bản quyền|rights reserved|vorbehalten|réservés|reservados|защищены|転載|转载|전재"
"""The same for these."""
