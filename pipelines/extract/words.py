"""Words that say what a block is if it is not the story: one group a purpose, many languages in each.

Data only. Each group is one feature of the model (how many of the block's first words are in it), so a group says something in every
language that has a few words in it. No word here decides anything alone, and adding one needs no new training.
"""

import re
from functools import lru_cache

from pipelines.lines import SHORT

WORDS = {
    "subscribe": """newsletter newsletters subscribe subscriber subscribers subscription subscriptions unsubscribe inbox login log-in signup sign register registered
        abonnieren abonnement abonnent abonnenten abo anmelden anmeldung registrieren abonnez abonnés abonné abonnement inscrivez-vous inscription connexion
        suscríbete suscribirse suscripción suscriptor suscriptores boletín regístrate assine assinante assinantes assinatura cadastre-se inscreva-se abbonati iscriviti registrati
        abonneer abonnees aanmelden zapisz subskrybuj prenumerata subskrypcja zaloguj zarejestruj подписывайтесь подпишитесь подписка подписаться рассылку рассылка войдите зарегистрируйтесь
        εγγραφείτε συνδεθείτε abone üye kayıt berlangganan langganan daftar prenumerera abonner registrace přihlásit předplatné feliratkozás előfizetés abonează-te
        اشترك الاشتراك النشرة הרשמה הירשמו सदस्यता न्यूज़लेटर""",
    "consent": """cookie cookies consent privacy gdpr javascript browser adblock adblocker tracking terms policy conditions
        datenschutz datenschutzerklärung einwilligung nutzungsbedingungen agb datenschutzeinstellungen confidentialité consentement conditions
        privacidad privacidade consentimiento consentimento términos termos informativa cookiebeleid privacybeleid voorwaarden
        prywatności zgody regulamin ciasteczka конфиденциальности соглашение соглашения браузер απορρήτου gizlilik çerez çerezler kebijakan integritet soukromí""",
    "rights": """copyright © rights reserved reproduction trademark licensed republish rechte vorbehalten impressum urheberrecht nachdruck droits réservés derechos reservados
        direitos autorais reproducción reprodução prohibida proibida diritti riservati riproduzione rechten voorbehouden prawa zastrzeżone kopiowanie права защищены перепечатка
        использовании гиперссылка ссылка δικαιώματα αναδημοσίευση hakları saklıdır hak cipta rättigheter práva vyhrazena jogok fenntartva drepturile rezervate الحقوق محفوظة""",
    "share": """share facebook twitter instagram whatsapp telegram youtube linkedin pinterest tiktok follow tweet email e-mail print like google app apps download
        teilen folgen folge drucken partager partagez suivez imprimer compartir comparte síguenos siga compartilhe compartilhar seguici condividi delen volg
        udostępnij podziel obserwuj drukuj поделиться подписывайтесь telegram-канал вконтакте одноклассники facebook'ta paylaş takip bagikan ikuti dela följ sdílet kövess
        شارك تابعونا שתפו""",
    "related": """related read more also see watch recommended trending popular latest next previous editor's picks mehr lesen auch dazu siehe weitere thema zum
        lire aussi voir également suivant sujet lea también leer más vea noticias relacionadas leia também mais veja saiba leggi anche correlati lees ook meer
        czytaj zobacz również także więcej przeczytaj читайте также смотрите подробнее материалы теме διαβάστε επίσης ακόμα περισσότερα δείτε ilgili haberler devamı okuyun
        baca juga selengkapnya terkait lihat läs också mer přečtěte související olvassa citește اقرأ أيضا المزيد יותר קראו""",
    "comment": """comment comments commented reply replies posted anonymous guest moderator username flag report kommentar kommentare antworten leserkommentare commentaire commentaires
        répondre signaler comentario comentarios responder comentar denunciar comentário comentários commenti commento rispondi reacties reageer reactie komentarz komentarze
        odpowiedz zgłoś gość комментарий комментарии комментариев ответить гость пользователь σχόλιο σχόλια απάντηση yorum yorumlar cevapla komentar balas kommentarer svara
        komentář komentáře odpovědět hozzászólás comentariu تعليق تعليقات الرد תגובה תגובות टिप्पणी""",
    "picture": """photo photos photograph photographer image images picture pictured getty shutterstock reuters afp epa ap credit courtesy screenshot video gallery illustration
        foto fotos bild bilder bildquelle imago dpa quelle crédit photographie fotografía imagen archivo vídeo imagem reprodução divulgação crédito immagine
        fot zdjęcie zdjęcia źródło фото фотография видео изображение иллюстрация φωτογραφία φωτο fotoğraf gambar kép fotografie صورة صور צילום फोटो ảnh""",
    "reader": """you your yours yourself we our us me my sie ihr ihre ihren ihnen du dein deine wir unser unsere unseren uns vous votre vos nous notre nos
        usted ustedes tu tus tú nosotros nuestro nuestra nuestros nuestras você vocês seu sua nós nosso nossa nossos nossas tuo tua voi vostro noi nostro nostra nostri
        jij uw je wij ons onze ty twój twoje wy państwo nasz nasza nasze nas вы вас вам ваш ваша ваши мы нас нам наш наша наши ты твой εσείς σας εμείς μας
        siz sizin biz bizim kamu anda kami kita du din vi vår vårt vy váš my náš ti mi nekünk noi نحن لنا آپ bạn chúng""",
    "author": """author writer reporter correspondent editor journalist contributor contributed freelance columnist bio biography born graduate professor autor autorin redakteur redakteurin
        korrespondent journaliste auteur rédacteur correspondant periodista redactor redactora jornalista repórter editora giornalista autore redacteur journalist
        dziennikarz dziennikarka redaktor autorka автор журналист корреспондент редактор δημοσιογράφος συντάκτης yazar muhabir gazeteci penulis wartawan""",
    "clock": """ago minutes minute min mins hours hour updated published posted days week read aktualisiert veröffentlicht stand uhr minuten stunden lesezeit mis à jour publié heures lecture
        actualizado publicado hace minutos horas atualizado às lettura aggiornato pubblicato bijgewerkt gepubliceerd leestijd opublikowano aktualizacja godz
        опубликовано обновлено назад просмотров прочитано ενημέρωση δημοσίευση ώρα önce güncelleme yayınlanma dibaca menit lalu uppdaterad publicerad zveřejněno""",
    "offer": """ad ads advertisement advertising advertise sponsored sponsor promo promotion offer offers deal deals discount sale buy shop price prices affiliate commission donate
        donation donations support contribute gift free trial anzeige werbung angebot angebote rabatt kaufen provision spenden unterstützen publicité annonce offre achat soutenez don
        publicidad anuncio oferta ofertas descuento comprar apóyanos anúncio desconto compre doe pubblicità offerta sconto advertentie aanbieding korting reklama oferta kup
        реклама реклам скидка купить поддержите διαφήμιση reklam indirim satın iklan promo diskon annons erbjudande inzerce hirdetés إعلان פרסומת""",
}
"""Words between spaces, in lower case."""

UNSPACED = {
    "subscribe": "订阅|訂閱|登录|登入|登錄|注册|註冊|会员|會員|関注|关注|購読|会員|登録|ログイン|メルマガ|無料|有料|구독|로그인|회원|가입|สมัคร|สมาชิก|公众号",
    "consent": "隐私|隱私|条款|條款|プライバシー|利用規約|クッキー|개인정보|약관|浏览器|瀏覽器|ブラウザ|คุกกี้|免责|声明|聲明",
    "rights": "版权|版權|转载|轉載|著作権|無断|転載|禁止|저작권|무단|전재|재배포|ลิขสิทธิ์|未经|授权|授權",
    "share": "分享|收藏|点赞|微信|微博|扫一扫|二维码|共有|シェア|ツイート|フォロー|공유|카카오|แชร์|下载|下載|ダウンロード|アプリ|客户端",
    "related": "相关|相關|推荐|推薦|延伸阅读|延伸閱讀|更多|更多新闻|点击|熱門|热门|関連|あわせて|続き|おすすめ|ランキング|もっと|관련|더보기|추천|อ่านเพิ่ม|เกี่ยวข้อง|上一篇|下一篇",
    "comment": "评论|評論|留言|回复|回覆|网友|網友|コメント|返信|댓글|답글|ความคิดเห็น|跟帖|举报",
    "picture": "图片|圖片|图为|图源|图：|圖：|資料圖|资料图|摄|攝影|写真|画像|撮影|提供|사진|이미지|ภาพ|视频|視頻|動画",
    "reader": "我们|我們|您|你|本站|本网|本報|当社|当サイト|あなた|皆様|私たち|여러분|우리|당신|เรา|คุณ",
    "author": "记者|記者|作者|编辑|編輯|责任编辑|责编|編集|기자|특파원|ผู้สื่อข่าว|通讯员|来源|來源",
    "clock": "发布|發布|发表|更新|配信|公開|時間前|分钟|小时|입력|수정|작성|เผยแพร่|阅读|阅读量",
    "offer": "广告|廣告|赞助|优惠|優惠|購買|购买|広告|PR|価格|セール|キャンペーン|광고|할인|โฆษณา|特价",
}
"""Pieces of scripts that put no spaces between words."""

_READ = 400
"""Characters of a block that are read for its purpose."""
_WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?|©")
_GROUP_OF: dict[str, tuple[int, ...]] = {}
for _number, _words in enumerate(WORDS.values()):
    for _word in set(_words.split()):
        _GROUP_OF[_word] = (*_GROUP_OF.get(_word, ()), _number)
_PIECES = [(name in UNSPACED and re.compile(UNSPACED[name])) or None for name in WORDS]
_HAS_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def purposes(text: str) -> tuple[int, ...]:
    """The group of each different word in the beginning of a text that has one; a word of two groups gives both."""
    return _remembered(text) if len(text) <= SHORT else _purposes(text)


def _purposes(text: str) -> tuple[int, ...]:
    text = text[:_READ].lower()
    groups = [group for word in _GROUP_OF.keys() & _WORD.findall(text) for group in _GROUP_OF[word]]
    if not text.isascii() and _HAS_UNSPACED.search(text):
        for group, pieces in enumerate(_PIECES):
            if pieces is not None:
                groups += [group] * len(set(pieces.findall(text)))
    return tuple(groups)


_remembered = lru_cache(maxsize=32_768)(_purposes)
