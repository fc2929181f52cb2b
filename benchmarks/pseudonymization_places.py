"""Pools of places and organizations for the made-up groups, and their parts.

Towns and regions are real; villages, farms, clinics, schools and firms are made up, so that no list can hold
them. Halves as in `pseudonymization_names`.
"""

from typing import Final

_TOWNS: Final = """
    Alta|Arendal|Bergen|Birmingham|Bodø|Bristol|Drammen|Egersund|Elverum|Fagernes|Florø|Førde|Gjøvik|Grimstad|Göteborg|
    Hamar|Hammerfest|Harstad|Haugesund|Horten|Hønefoss|Kirkenes|Kongsberg|Kongsvinger|Kragerø|Kristiansund|Larvik|
    Leeds|Levanger|Lillehammer|Mandal|Mogadishu|Molde|Mosjøen|Mosul|Namsos|Narvik|Notodden|Odda|Oslo|Peshawar|
    Porsgrunn|Rjukan|Røros|Sandnes|Sarajevo|Skien|Sogndal|Sortland|Stavanger|Steinkjer|Stord|Tromsø|Trondheim|
    Tvedestrand|Tønsberg|Uppsala|Vadsø|Voss|Ålesund|Åndalsnes|Årdal
"""
_SMALL: Final = """
    Arnevika|Aurebekk|Bjørndalsmo|Brattlia|Brimnesøya|Brøttum|Dalsbygda|Djupevåg|Eikelandsosen|Elvestranda|Fagerlidal|
    Finnesvollen|Fjellgardane|Flatråker|Furubotn|Gjeitvika|Granlia|Grindafjord|Grøndalen|Gullhaugen|Hallangspollen|
    Haugvika|Heggdalen|Hellandsbygd|Hindnes|Holmedal|Indrelid|Jordalsgrend|Kallestad|Kjølsdal|Kleppestø|Kråkenes|
    Kvalheim|Langenuen|Leirpollen|Lindøya|Litlabø|Lyngfjordbotn|Markhus|Meltefossen|Midtstranda|Myklebostad|Nesflaten|
    Nordvågen|Onarheim|Osterbotn|Raudeberg|Rossabø|Sagvåg|Sandsvollen|Selsøyvik|Skarvanes|Skogsvåg|Solbergelva|
    Steindalen|Storelvdal|Strandebarm|Svartisbygd|Sævareid|Tjeldstø|Tverrelvmoen|Ulvesund|Utbygda|Valevåg|Vikebygd|
    Ytrelid|Øksnesvær|Ørnefjell|Åkrehagen|Ashcombe|Birkenshaw|Coldstream|Dunmore|Elderfield|Fernhollow|Glenmarsh|
    Harrowgate|Kingsford|Langthorne|Millbrook|Netherby|Oakhampton|Penwick|Ravensby|Stonebridge|Thornley|Wexcombe
"""
_REGIONS: Final = """
    Finnmark|Hallingdal|Hardanger|Helgeland|Hordaland|Jæren|Karmøy|Lofoten|Nordfjord|Nordmøre|Ryfylke|Romsdal|Setesdal|
    Sunnfjord|Sunnmøre|Telemark|Toten|Trøndelag|Valdres|Vesterålen|Vestfold|Østerdalen|Østfold|Cornwall|Devon|Punjab
"""
_STEMS: Final = """
    Ashgrove|Askehaug|Bergtun|Birkelund|Bjørkely|Brekkeskog|Brightwater|Cedarwood|Dalheim|Eikelia|Elvetun|Fairhaven|
    Fjellhaug|Fossheim|Furukollen|Glenwood|Granheim|Hawthorn|Heimdalsro|Hollyfield|Høgely|Kirkwood|Klokkergården|
    Kvernhuset|Larkhill|Lindelia|Lyngtun|Meadowbank|Moldegård|Myrtun|Nordhella|Oakwood|Orrebakken|Pinecrest|Riverside|
    Rognli|Rosewood|Skoglund|Solhaug|Sommerro|Springfield|Stonehaven|Storskogen|Thornfield|Tunheim|Utsikten|Varden|
    Vestlia|Viksund|Westbrook|Willowdale|Østmarka|Åsheim|Åstun
"""
_HOSPITALS: Final = "Hospital|University Hospital|sykehus|Psychiatric Center"
_CLINICS: Final = "DPS|Clinic|legesenter|Outpatient Clinic|Health Centre|behandlingssenter"
_SCHOOLS: Final = "School|videregående skole|ungdomsskole|Primary School|Kindergarten|High School"
_EMPLOYERS: Final = "Transport|Logistics|Bakeri|Trelast|Seafood|Insurance|Housing Trust|Eiendom|Catering|Mekaniske"
_STREETS: Final = "veien|gata|bakken|svingen|stien|alléen"
_ENGLISH_STREETS: Final = "Street|Road|Avenue|Lane"
_STREET_STEMS: Final = """
    Aspe|Bekke|Bjørke|Dam|Eike|Elve|Fjell|Furu|Gran|Hassel|Kirke|Kvern|Linde|Mølle|Nedre|Rogne|Skole|Stasjons|Strand|
    Tverr|Vannverks|Ville
"""
_ENGLISH_STREET_STEMS: Final = "Alder|Beech|Chapel|Elm|Foundry|Harbour|Juniper|Maple|Mill|Orchard|Poplar|Sycamore"


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


TOWNS: Final = _parts(_TOWNS)
SMALL: Final = _parts(_SMALL)
"""Villages, farms and parts of towns."""
REGIONS: Final = _parts(_REGIONS)
STEMS: Final = _parts(_STEMS)
"""First parts of the names of organizations."""
HEADS: Final = {
    "hospital": _parts(_HOSPITALS),
    "clinic": _parts(_CLINICS),
    "school": _parts(_SCHOOLS),
    "employer": _parts(_EMPLOYERS),
}
"""Second parts, by kind."""
STREETS: Final = (
    *(stem + head for stem in _parts(_STREET_STEMS) for head in _parts(_STREETS)),
    *(f"{stem} {head}" for stem in _parts(_ENGLISH_STREET_STEMS) for head in _parts(_ENGLISH_STREETS)),
)
DOMAINS: Final = ("gmail.com", "hotmail.com", "outlook.com", "online.no", "yahoo.co.uk", "proton.me", "broadpark.no")
