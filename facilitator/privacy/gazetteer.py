"""Names and places that are frequent in Norway, which an English language model misses in lower or upper case.

A short hand-picked list: first and last names, towns and counties, hospitals and trusts that offer mental health care.
Names that are everyday words too count only with a capital, as everywhere.
"""

from typing import Final

from facilitator.domain.entities import Category

_FIRST_NAMES: Final = """
    Agnes Aleksander Alexander Amalie Amanda Amund Anders Andreas Anette Anita Anja Anna Anne Annette Ann-Kristin
    Arild Arne Arvid Asbjørn Aslaug Astrid Atle Audun Aurora Bente Benedicte Bo Berit Bernt Birger Birgit Birgitte
    Bjarne Bjørg Bjørn Bodil Borghild Brit Britt Brita Camilla Caroline Cathrine Cecilie Charlotte Christer Christian
    Christina Christine Christoffer Dag Dagfinn Dagny Daniel Edvard Egil Eilif Einar Eirik Eivind Elin Eline Elisabeth
    Elise Ellen Elsa Embla Emilie Erik Erlend Erling Espen Eva Eyvind Finn Fredrik Frida Frode Geir Georg Gerd Grete
    Grethe Gro Gudrun Gunnar Gunhild Gunvor Guro Guttorm Halvor Hanna Hanne Hans Harald Hedda Hedvig Hege Heidi Helene
    Helga Helge Henning Henrik Henriette Herman Hilde Hildegunn Håkon Håvard Ida Idar Inga Inge Ingeborg Inger Ingrid
    Ingunn Ingvild Isak Ivar Iver Jakob Jan Jannicke Jarle Jens Johan Johanne Johannes Jonas Jorunn Jørgen Jørn Julie
    Kaja Kamilla Karen Kari Karianne Karin Karina Karoline Kathrine Katrine Ketil Kine Kirsten Kjell Kjersti Kjetil
    Knut Kolbjørn Kristian Kristin Kristina Kristine Kristoffer Kåre Laila Lars Lasse Leif Lena Linda Line Linn Linnea
    Lise Liv Magne Magnhild Magnus Maja Malin Margit Margrethe Mari Maria Marianne Marie Marit Marius Marta Marte
    Marthe Martin Mathias Mathilde May-Britt Merete Mette Mia Mikael Mona Monica Morten Nils Nina Njål Nora Oda Odd
    Odd-Arne Oddny Oddvar Ola Olaf Olav Ole Oskar Otto Ottar Per Peder Petter Pål Ragna Ragnar Ragnhild Rakel Randi
    Rannveig Reidar Reidun Rikke Roald Roger Rolf Roy Rune Ruth Sander Sara Sebastian Selma Sigmund Signe Sigrid
    Sigurd Silje Simen Sindre Siri Sissel Siv Sofie Solfrid Solveig Stein Stian Stig Stine Susanne Svanhild Svein
    Sverre Synne Synnøve Sølvi Sølve Tarjei Terje Thea Therese Thomas Thor Thorbjørn Tiril Tobias Tom Tone Tonje Tor
    Tora Tord Tore Torill Torbjørn Torgeir Torhild Torstein Torunn Tove Trine Trond Trude Trygve Turid Ulrik Unni
    Vegard Veronica Vibeke Vigdis Viktor Vilde Wenche Yngve Øivind Ørjan Øystein Øyvind Åge Åse Åshild Åsmund
"""
_LAST_NAMES: Final = """
    Aas Andersen Andreassen Arnesen Aune Berge Berntsen Birkeland Christensen Christiansen Dahl Danielsen Edvardsen
    Eide Eliassen Ellingsen Eriksen Evensen Fredriksen Gulbrandsen Gundersen Halvorsen Hansen Hanssen Haugen Haugland
    Helgesen Henriksen Holm Isaksen Iversen Jacobsen Jakobsen Jensen Jenssen Johannessen Johansen Johnsen Jørgensen
    Karlsen Knudsen Knutsen Kristiansen Kristoffersen Larsen Lie Lien Lorentzen Lunde Madsen Martinsen Mathisen
    Mikkelsen Moe Moen Myhre Myklebust Nguyen Nielsen Nilsen Nygård Olsen Paulsen Pedersen Pettersen Rasmussen Rønning
    Simonsen Sivertsen Solberg Solheim Strøm Sunde Svendsen Sæther Sørensen Thomassen Thorsen Tveit Ødegård Aasen Bøe
    Hovland Kleven Nordli Ruud Sandvik Stokke Vik Wold
"""
_PLACES: Final = """
    Alta|Arendal|Asker|Askim|Askøy|Aurskog|Bergen|Bodø|Brumunddal|Bryne|Bærum|Drammen|Drøbak|Egersund|Eidsvoll|
    Elverum|Fagernes|Farsund|Fauske|Finnmark|Finnsnes|Flekkefjord|Florø|Fredrikstad|Førde|Gjøvik|Grimstad|Hamar|
    Hammerfest|Harstad|Haugesund|Hedmark|Holmestrand|Honningsvåg|Hordaland|Horten|Hønefoss|Jessheim|Jæren|Kirkenes|
    Kongsberg|Kongsvinger|Kragerø|Kristiansand|Kristiansund|Larvik|Levanger|Lillehammer|Lillestrøm|Lofoten|Mandal|
    Mosjøen|Molde|Mo i Rana|Mysen|Namsos|Narvik|Nesodden|Notodden|Odda|Oppland|Orkanger|Oslo|Porsgrunn|Raufoss|Rjukan|
    Rogaland|Røros|Sandefjord|Sandnes|Sandnessjøen|Sarpsborg|Skien|Sogndal|Sortland|Stavanger|Steinkjer|Stjørdal|
    Stord|Svolvær|Telemark|Tromsø|Trondheim|Trøndelag|Tønsberg|Tvedestrand|Ulsteinvik|Vadsø|Vardø|Verdal|Vestfold|
    Vestland|Voss|Østfold|Ørsta|Ålesund|Åndalsnes|Årdal
"""
_INSTITUTIONS: Final = """
    Ahus|Akershus universitetssykehus|Aker sykehus|Betanien sykehus|Blakstad|Dikemark|Diakonhjemmet|Gaustad|Haukeland|
    Helse Bergen|Helse Fonna|Helse Førde|Helse Stavanger|Helgelandssykehuset|Kronstad DPS|Lovisenberg|Modum Bad|
    Olaviken|Nordlandssykehuset|Reinsvoll|Rikshospitalet|Sandviken sykehus|Solli DPS|St. Olavs Hospital|
    Sykehuset Innlandet|Sykehuset Telemark|Sykehuset Østfold|Sørlandet sykehus|Ullevål|Vestre Viken|Voss sykehus|
    Øyane DPS|Åsgård sykehus
"""


def entries() -> tuple[tuple[str, Category], ...]:
    """Every place and institution with its category, in the spelling shown to people."""
    lists = ((_PLACES, Category.PLACE), (_INSTITUTIONS, Category.ORGANIZATION))
    return tuple((" ".join(name.split()), category) for names, category in lists for name in names.split("|"))


def people() -> tuple[tuple[str, Category], ...]:
    """First and last names, in the same form."""
    return tuple((name, Category.PERSON) for name in (*_FIRST_NAMES.split(), *_LAST_NAMES.split()))
