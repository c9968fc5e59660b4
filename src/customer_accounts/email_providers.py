"""The mail providers of the shop's market, as data: what may be suggested, and what is left alone.

Rules:

- A domain named here is never corrected.
- `SUGGESTED` providers, most used first, may stand in for a mistyped domain. `LEFT_ALONE` holds real domains
  close to one of them, and providers too seldom used, or too close to ordinary words, to be suggested.
- Written from general knowledge of the French, Belgian, Swiss, Austrian, German and British market; what a
  customer types is never compared with a register.
"""

SUGGESTED: dict[str, str] = {
    "gmail": "com",
    "hotmail": "fr com de be ch at it es nl co.uk",
    "orange": "fr",
    "yahoo": "fr com de it es be co.uk",
    "outlook": "fr com de at be es it",
    "wanadoo": "fr",
    "free": "fr",
    "sfr": "fr",
    "laposte": "net",
    "icloud": "com",
    "live": "fr com de be nl at co.uk",
    "gmx": "de at net ch com fr co.uk",
    "web": "de",
    "t-online": "de",
    "bluewin": "ch",
    "googlemail": "com",
    "neuf": "fr",
    "bbox": "fr",
    "aol": "com fr de",
    "msn": "com",
    "numericable": "fr",
    "aliceadsl": "fr",
    "club-internet": "fr",
    "freenet": "de",
    "protonmail": "com ch",
    "btinternet": "com",
    "telenet": "be",
    "skynet": "be",
    "proximus": "be",
    "chello": "at",
    "sunrise": "ch",
    "virginmedia": "com",
}
"""Label to the endings it is used with, both most used first."""

ONLY_ENDING = frozenset({"gmail", "googlemail", "icloud", "laposte", "wanadoo"})
"""Labels that give mail addresses under one ending alone, so that a common other ending is a slip."""

COMMON_ENDINGS = frozenset({"com", "fr", "net", "de", "at", "ch", "be", "eu", "org", "it", "es"})

LEFT_ALONE = frozenset(
    """
    1und1.de 9business.fr 9online.fr a1.net accor.de alice.it aol.co.uk aon.at arcor.de base.be
    belgacom.be belgacom.net blue.ch bluemail.ch blueyonder.co.uk brutele.be caramail.com caramail.fr
    cegetel.net cello.at cloud.com dbmail.com drei.at duck.com eclipso.eu edpnet.be eir.ie email.com
    email.de fastmail.com fastmail.fm fmail.com freemail.de freemail.hu freenet.ch freenet.fr
    freesurf.fr gawab.com gmx.biz gmx.eu gmx.info gmx.li gmx.org gmx.tm gmx.us grange.fr green.ch
    hey.com hispeed.ch hmail.com home.nl hotmail.ca hotmail.com.au hotmail.com.br hotmail.gr hotmail.hu
    hotmail.se hushmail.com ik.me ikmail.com inbox.com inbox.lv inode.at internet.lu kabelmail.de
    kabsi.at kpn.nl kpnmail.nl laporte.fr laporte.net libero.it libertysurf.fr line.fr live.ca live.ch
    live.cn live.com.au live.dk live.ie live.it live.no live.se liwest.at love.com love.fr luukku.com
    lycos.de lycos.fr mac.com magenta.at mail.be mail.ch mail.com mail.de mail.fr mail.ru mailbox.org
    mailfence.com mailo.com mailo.eu mailo.fr me.com mozmail.com netcologne.de netcourrier.com neuf.com
    nomade.fr noos.fr nordnet.fr ntlworld.com numericable.com o2.co.uk o2.pl o2online.de online.de
    online.fr online.no orange.be orange.com orange.es orange.lu orange.nl orange.pl osnanet.de
    ouest-france.fr outlook.cl outlook.co.uk outlook.com.br outlook.dk outlook.ie outlook.pt outlook.sk
    ovh.fr photon.me planet.nl plusnet.com pm.me poste.de posteo.at posteo.ch posteo.de posteo.net
    proton.me pt.lu qq.com quicknet.nl range.fr riseup.net rocketmail.com rr.com runbox.com scarlet.be
    sfr.com sky.com skynet.com skynet.fr skype.be smail.com sunrise.com sunrise.fr swisscom.ch
    swisscom.com swissonline.ch talk21.com talktalk.net tele2.at tele2.fr tele2.it telefonica.de
    telefonica.es telia.com telnet.be tin.it tiscali.be tiscali.co.uk tiscali.fr tiscali.it tmail.com
    tuta.com tuta.io tutanota.com tutanota.de unitybox.de upcmail.nl versanet.de versatel.nl viola.fr
    virgilio.it virgin.net vodafone.de vodafonemail.de voila.fr voo.be vtx.ch vtxnet.ch wanadoo.be
    wanadoo.co.uk wanadoo.es wanadoo.nl web.at web.ch web.com web.fr wp.pl xs4all.be xs4all.nl yahoo.ca
    yahoo.co.in yahoo.co.jp yahoo.com.au yahoo.com.br yahoo.gr yahoo.ie yahoo.no yahoo.pt yahoo.ro
    yahoo.se yandex.com yandex.ru ymail.com yopmail.com yopmail.fr ziggo.nl zoho.com zoho.eu
    """.split()  # noqa: SIM905  # two hundred quoted names would be no easier to read
)

UNUSED_ENDINGS: dict[str, str] = {
    "com": "con cmo ocm vom xom comm cpm coom ccom coml conm c0m dcom",
    "fr": "ft rf ffr frr",
    "net": "ner nte nett neet",
    "org": "orgg ogr rog orh",
    "de": "dee",
}
"""Endings that no register holds, by the one that is meant: wrong under every name."""

ENDING_SLIPS: dict[str, str] = {
    "com": "c co cm om cim clm cok cop",
    "fr": "f r fe fd ff fr1 ffr fra gr tr er dr",
    "net": "n ne nt et bet met",
    "de": "d ed dr ds dw",
    "at": "a ta ast",
    "ch": "c hc cht",
    "be": "b eb bee",
    "co.uk": "co.k couk uk co.u co.uj cou.k cok.uk",
}
"""Endings that exist or are cut short, by the one that is meant: wrong only under a provider's name."""
